"""The codebook's health over an epoch: how many units are used, how evenly, and the scale of the vectors."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from unitdisc.codebook.bottleneck import BottleneckOutput


@dataclass(frozen=True, slots=True)
class CodebookHealth:
    """The health of a codebook over the real frames of an epoch.

    ``units_used`` and ``dead_codewords`` add up to K (to G · K with G codebooks, whose perplexities are averaged);
    ``perplexity`` is 2 to the entropy of unit usage; ``distance`` the mean squared distance to the codeword;
    ``input_norm`` and ``codeword_norm`` the mean norms ‖·‖ of vectors and codewords.
    """

    units_used: int
    perplexity: float
    dead_codewords: int
    distance: float
    input_norm: float
    codeword_norm: float
    reestimations: int

    def collapsed(self, *, share: float = 0.05) -> bool:
        """Return whether less than ``share`` of the codewords are used."""
        return self.units_used < share * (self.units_used + self.dead_codewords)


class UsageHealth:
    """Accumulate unit usage, distance and norms on the device, without a host synchronisation per step.

    With 0 codebooks there is nothing to use: of the health, the norm of the vectors alone is known.
    """

    def __init__(self, codewords: int, codebooks: int = 1) -> None:
        self.codewords, self.codebooks = codewords, codebooks
        self.clear()

    def clear(self) -> None:
        """Start a new epoch."""
        self._counts = torch.zeros(self.codebooks, self.codewords, dtype=torch.int64)
        self._sums = torch.zeros(4, dtype=torch.float64)  # frames, distance, input norm, codeword norm

    @torch.no_grad()
    def add(self, out: BottleneckOutput, mask: Tensor | None = None) -> None:
        """Add a batch; ``mask`` (B, T) is the mask passed to the bottleneck."""
        units = out.units.reshape(out.vectors.shape[:-1].numel(), self.codebooks)
        self._counts, self._sums = self._counts.to(units.device), self._sums.to(units.device)
        real = units.new_ones(len(units)) if mask is None else mask.reshape(-1).long()
        self._counts.scatter_add_(1, units.t(), real.expand_as(units.t()))
        values = torch.stack([torch.ones_like(out.distance), out.distance, out.input_norm, out.codeword_norm])
        self._sums += values.double() * real.sum()

    def state_dict(self) -> dict[str, Tensor]:
        """Return counts and sums as tensors, of this rank alone."""
        return {"counts": self._counts.cpu(), "sums": self._sums.cpu()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from the state of an earlier run; ``add`` moves it to the device of its batches."""
        self._counts, self._sums = state["counts"].clone(), state["sums"].clone()

    def record(self, *, reestimations: int = 0) -> CodebookHealth:
        """Return the health since the last ``clear``, over all ranks under torch.distributed."""
        counts, sums = self._counts.clone(), self._sums.clone()
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(counts)
            dist.all_reduce(sums)
        used = int((counts > 0).sum())
        share = counts.double() / counts.sum(1, keepdim=True).clamp(min=1)
        perplexity = torch.special.entr(share).sum(1).exp().mean()
        _, distance, inputs, codewords = (sums / sums[0].clamp(min=1)).tolist()
        dead = counts.numel() - used
        return CodebookHealth(used, float(perplexity), dead, distance, inputs, codewords, reestimations)
