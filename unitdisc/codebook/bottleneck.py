"""The bottleneck: batch normalisation over real frames, projection, quantiser."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unitdisc.codebook.normalisation import MaskedBatchNorm
from unitdisc.codebook.padding import finite_padding
from unitdisc.codebook.quantizer import Initial, Update, VectorQuantizer


@dataclass(frozen=True, slots=True, eq=False)
class BottleneckOutput:
    """The output of the bottleneck for a batch, and what the epoch's record and the reservoir need.

    ``codes`` (B, T, D) go on to the decoder; ``units`` (B, T), or (B, T, G) with G codebooks; ``loss`` carries
    gradients; ``distance`` is ‖vector − codeword‖² averaged over real frames; ``vectors`` (B, T, D), detached, are the
    quantiser's inputs; ``input_norm`` and ``codeword_norm`` are the mean norms ‖·‖ of real vectors and of codewords.
    """

    codes: Tensor
    units: Tensor
    loss: Tensor
    distance: Tensor
    vectors: Tensor
    input_norm: Tensor
    codeword_norm: Tensor


torch.export.register_dataclass(BottleneckOutput, serialized_type_name="unitdisc.codebook.BottleneckOutput")


class Bottleneck(nn.Module):
    """Normalise encoder outputs, project them to D dimensions, and quantise them.

    The order BatchNorm(inputs) → Linear(inputs → D) → quantiser is the reference implementation's; the statistics of
    the batch norm exclude padding. Without a ``dim`` there is no projection, D = inputs, and batch norm has no scale of
    its own: an unquantised warm-up can then not let the vectors grow. Batch norm is per channel: that over all of them
    is also one per codebook. Further options go to VectorQuantizer.
    """

    def __init__(
        self,
        inputs: int,
        dim: int | None,
        codewords: int,
        *,
        batch_norm: bool = True,
        commitment: float = 0.25,
        update: Update = "gradient",
        codebooks: int = 1,
        decay: float = 0.999,
        initial: Initial = "xavier",
    ) -> None:
        super().__init__()
        self.dim = inputs if dim is None else dim
        self.norm = MaskedBatchNorm(inputs, affine=dim is not None) if batch_norm else None
        self.projection = nn.Identity() if dim is None else nn.Linear(inputs, dim)
        self.quantizer = VectorQuantizer(
            self.dim,
            codewords,
            commitment=commitment,
            update=update,
            codebooks=codebooks,
            decay=decay,
            initial=initial,
        )

    def forward(self, x: Tensor, mask: Tensor | None = None, *, quantise: bool = True) -> BottleneckOutput:
        """Pass ``x`` (B, T, inputs) through; ``mask`` (B, T) is true on real frames.

        With ``quantise=False``, the warm-up, the vectors themselves are the codes and the loss is zero; units and
        distance are still returned, but carry no gradient.
        """
        vectors = self.project(x, mask)
        if quantise:
            out = self.quantizer(vectors, mask)
            codes, units, loss, distance = out.codes, out.units, out.loss, out.distance
        else:
            codes, units, distance = vectors, *self._units_and_distance(vectors.detach(), mask)
            # A zero that keeps the codebook in the graph: DistributedDataParallel waits for every gradient.
            loss = 0 * self.quantizer.codebook.sum()
        inputs = vectors.detach()
        return BottleneckOutput(codes, units, loss, distance, inputs, mean_norm(inputs, mask), self.codeword_norm())

    def project(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise and project ``x`` (B, T, inputs) to the quantiser's input vectors (B, T, D)."""
        vectors: Tensor = self.projection(finite_padding(x, mask) if self.norm is None else self.norm(x, mask))
        return vectors

    def codeword_norm(self) -> Tensor:
        """Return the mean ‖w‖ of the codewords, over all groups of dimensions."""
        return mean_norm(self.quantizer.codebook.detach())

    def codebook_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that need a separate, larger learning rate; none with a moving average."""
        return [p for p in self.quantizer.parameters() if p.requires_grad]

    @torch.no_grad()
    def _units_and_distance(self, vectors: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        units = self.quantizer.encode(vectors)
        square = (vectors - self.quantizer.decode(units)).float().square().sum(-1)
        return units, masked_mean(square, mask)


def mean_norm(vectors: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average ‖·‖ over the vectors (..., D), or over those where ``mask`` (...) is true."""
    return masked_mean(vectors.float().norm(dim=-1), mask)


def masked_mean(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average ``values`` (...), or those where ``mask`` (...) is true; 0 if there are none."""
    if mask is None:
        return values.mean()
    return values.masked_fill(~mask, 0).sum() / mask.sum().clamp(min=1)
