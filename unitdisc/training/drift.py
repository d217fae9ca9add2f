"""How far encoder outputs and their codewords move in an epoch, on the same chunks after each."""

from dataclasses import dataclass
from itertools import islice
from math import nan
from typing import Any

import torch
from torch import Tensor

from unitdisc.codebook.unquantised import Unquantised
from unitdisc.config import Training
from unitdisc.models.model import Model
from unitdisc.training.batches import Chunks
from unitdisc.training.precision import autocast

most_chunks = 32


@dataclass(frozen=True, slots=True)
class Moves:
    """What an epoch has moved; every number is relative, and 0 where nothing moved.

    ``vectors`` and ``codes`` are those of the quantiser's input and of the nearest codewords (see ``relative_move``),
    ``tokens`` is the share of the tokens whose vectors before and after the epoch are nearest to different codewords of
    the present codebook (of several codebooks, the mean share), and ``gap`` the root mean square distance of the
    vectors to their codewords over the root mean square of the vectors.
    """

    vectors: float = nan
    codes: float = nan
    tokens: float = nan
    gap: float = nan


class Drift:
    """Compares the vectors of fixed chunks with those of the last call, which ``state_dict`` contains."""

    def __init__(self, chunks: Chunks, plan: Training, device: torch.device) -> None:
        whole = islice(chunks.epoch(1), -(-most_chunks // plan.batch))
        self._batches = [batch.first(most_chunks) for batch in whole]
        self._plan, self._device = plan, device
        self._vectors = self._codes = torch.empty(0)

    @property
    def begun(self) -> bool:
        """Whether there are vectors to compare with."""
        return len(self._vectors) > 0

    @torch.no_grad()
    def measure(self, model: Model) -> Moves:
        """Return what has moved since the last call, nan at the first, with the model as it encodes.

        Without a quantiser only vectors move.
        """
        model.eval()
        vectors = torch.cat([self._vectors_of(model, index) for index in range(len(self._batches))])
        if isinstance(model.bottleneck, Unquantised):
            before, self._vectors = self._vectors.to(vectors), vectors
            return Moves(relative_move(before, vectors)) if len(before) else Moves()
        quantizer = model.bottleneck.quantizer
        units = quantizer.encode(vectors)
        codes = quantizer.decode(units).float()
        gap = _ratio((vectors - codes).square().sum(), vectors.square().sum())
        before, codes_before = self._vectors.to(vectors), self._codes.to(vectors)
        begun, self._vectors, self._codes = self.begun, vectors, codes
        if not begun:
            return Moves(gap=gap)
        changed = (quantizer.encode(before) != units).double().mean()
        return Moves(relative_move(before, vectors), relative_move(codes_before, codes), float(changed), gap)

    def state_dict(self) -> dict[str, Any]:
        """Return the vectors and codewords that the next call compares with."""
        return {"vectors": self._vectors.cpu(), "codes": self._codes.cpu()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the state of an earlier run."""
        self._vectors, self._codes = state["vectors"], state["codes"]

    def _vectors_of(self, model: Model, index: int) -> Tensor:
        batch = self._batches[index].to(self._device)
        with autocast(self._plan, self._device):
            encoded, tokens = model.encoder(batch.frames, batch.mask)
            vectors = model.bottleneck.project(encoded, tokens)
        return vectors[tokens].float()


def relative_move(before: Tensor, after: Tensor) -> float:
    """Return the root mean square of the moves of vectors (N, D) over that of the vectors, both ends together.

    It is 0 for vectors that stay, √2 for unrelated ones, and 2 at most. A common factor does not change it.
    """
    ends = (before.square().sum() + after.square().sum()) / 2
    return _ratio((after - before).square().sum(), ends)


def _ratio(square: Tensor, of: Tensor) -> float:
    """Return the root of the ratio of two sums of squares; 0 if there is nothing to relate to."""
    return float((square / of).sqrt()) if of > 0 else 0.0
