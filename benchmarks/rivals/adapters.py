"""Quantisers of other packages behind the interface of ``unitdisc.codebook.VectorQuantizer``.

vector-quantize-pytorch is imported here alone, and only when a quantiser of it is made.
"""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import Quantized
from unitdisc.codebook.distances import nearest


class Adapter(nn.Module):
    """What bottleneck, training and encoding ask of a quantiser of ``codewords`` codes (K, D).

    A subclass learns from the real rows of a batch only, so that padding reaches no statistic: its code is zero. It is
    never re-estimated, hence there is no ``replace_codewords``. In evaluation a code is an exact copy of a codeword.
    """

    codebooks = 1

    def __init__(self, dim: int, codewords: int) -> None:
        super().__init__()
        self.dim, self.codewords = dim, codewords

    @property
    @abstractmethod
    def codebook(self) -> Tensor:
        """The codewords (K, D); their gradient reaches the parameters that they are made of."""

    @abstractmethod
    def learn(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return codes (N, D), units (N,) and loss of the vectors ``rows`` (N, D) of a training step."""

    def assign(self, rows: Tensor) -> Tensor:
        """Return the units (N,) of ``rows`` (N, D): by default those of the nearest codewords."""
        return nearest(rows, self.codebook.detach().float())[0]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Quantized:
        """Quantise ``x`` (..., D); ``mask`` (...) is true on real frames."""
        real = torch.ones(x.shape[:-1], dtype=torch.bool, device=x.device) if mask is None else mask
        rows = x[real].float()
        if self.training:
            with torch.autocast(x.device.type, enabled=False):  # as ours: distances and losses in float32
                codes, units, loss = self.learn(rows)
        else:
            units, loss = self.assign(rows.detach()), rows.new_zeros(())
            codes = self.decode(units)
        distance = (rows - codes).detach().square().sum(1).mean()
        all_codes = torch.zeros_like(x).masked_scatter(real.unsqueeze(-1), codes.to(x.dtype))
        all_units = torch.zeros_like(real, dtype=torch.int64).masked_scatter(real, units.long())
        return Quantized(all_codes, all_units, loss, distance)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Return the units (...) of ``x`` (..., D)."""
        return self.assign(x.reshape(-1, self.dim).float()).long().view(x.shape[:-1])

    def decode(self, units: Tensor) -> Tensor:
        """Return the codes (..., D) of ``units`` (...)."""
        return functional.embedding(units, self.codebook)


class WithCodebook(Adapter):
    """A quantiser of the library, ``peer``, that holds codewords: averages, or what a linear map makes of them."""

    peer: nn.Module

    @property
    def codebook(self) -> Tensor:
        """The codewords (K, D); averages are zeros before the first quantised batch."""
        return self.peer.codebook

    def learn(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        codes, units, loss = self.peer(rows.unsqueeze(0))
        return codes[0], units[0], loss


class MovingAverage(WithCodebook):
    """VectorQuantize: a moving average that k-means of the first batch starts, and whose dead codewords expire."""

    def __init__(
        self, dim: int, codewords: int, *, commitment: float, decay: float, expiry: float, rotation: bool
    ) -> None:
        super().__init__(dim, codewords)
        from vector_quantize_pytorch import VectorQuantize

        self.peer = VectorQuantize(
            dim,
            codebook_size=codewords,
            decay=decay,
            commitment_weight=commitment,
            kmeans_init=True,
            threshold_ema_dead_code=expiry,
            rotation_trick=rotation,
        )


class LinearCodebook(WithCodebook):
    """SimVQ: codewords that stay as they are sampled, and a linear map of them that is learnt."""

    def __init__(self, dim: int, codewords: int, *, commitment: float) -> None:
        super().__init__(dim, codewords)
        from vector_quantize_pytorch import SimVQ

        self.peer = SimVQ(dim, codewords, rotation_trick=False, input_to_quantize_commit_loss_weight=commitment)


class FiniteScalars(Adapter):
    """FSQ: a projection to a few numbers, each rounded to one of its ``levels``, and a projection back; no loss."""

    def __init__(self, dim: int, levels: Sequence[int]) -> None:
        from vector_quantize_pytorch import FSQ

        peer = FSQ(list(levels), dim=dim)
        super().__init__(dim, peer.codebook_size)
        self.peer = peer

    @property
    def codebook(self) -> Tensor:
        """All combinations of levels, projected back."""
        return self.peer.project_out(self.peer.implicit_codebook)

    def learn(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        codes, units = self.peer(rows.unsqueeze(0))
        return codes[0], units[0], rows.new_zeros(())

    def assign(self, rows: Tensor) -> Tensor:
        return self.peer(rows.unsqueeze(0))[1][0]
