"""The place of the bottleneck in a network that has none: vectors pass as they are."""

from torch import Tensor, nn

from unitdisc.codebook.bottleneck import Bottleneck, BottleneckOutput, mean_norm
from unitdisc.codebook.padding import finite_padding


class Unquantised(Bottleneck):
    """A bottleneck without batch norm, projection and quantiser: the codes are the encoder's outputs.

    It has no parameters and no units; those of its output have the shape (B, T, 0), of no codebook at all.
    """

    def __init__(self, inputs: int) -> None:
        nn.Module.__init__(self)
        self.dim, self.norm, self.projection = inputs, None, nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None = None, *, quantise: bool = True) -> BottleneckOutput:  # noqa: ARG002
        """Pass ``x`` (B, T, inputs); the loss is zero, and what is said of codewords is nan."""
        codes = self.project(x, mask)
        vectors = codes.detach()
        norm = mean_norm(vectors, mask)
        none = norm.new_full((), float("nan"))
        units = vectors.new_empty((*vectors.shape[:-1], 0)).long()
        return BottleneckOutput(codes, units, norm.new_zeros(()), none, vectors, norm, none)

    def project(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return ``x`` (B, T, inputs) itself, with zeros for padding that is not finite."""
        return finite_padding(x, mask)

    def codebook_parameters(self) -> list[nn.Parameter]:
        """Return no parameters."""
        return []
