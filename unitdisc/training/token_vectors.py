"""The vectors of training tokens that are clustered."""

from typing import Protocol

import numpy as np
import torch

from unitdisc.features.activity import fitted, of_tokens
from unitdisc.features.normalise import Normalised


class Vectoriser(Protocol):
    """Turns an utterance's frames (T, D) into the vectors (T', W) of its tokens of ``stride`` frames."""

    @property
    def stride(self) -> int:
        """Frames per token."""

    def vectors(self, frames: torch.Tensor) -> torch.Tensor:
        """Return one vector per token."""


def sampled_vectors(model: Vectoriser, matrices: Normalised, *, most: int, seed: int) -> torch.Tensor:
    """Return at most ``most`` token vectors (N, W), sampled by the seed; the rest are never kept in memory.

    Where frames are active or not, only those tokens are sampled that codebooks are fitted on.
    """
    usable = [fitted(of_tokens(matrices.active(name), model.stride)) for name in matrices]
    tokens = np.array([mask.sum() for mask in usable])
    sampled = np.arange(tokens.sum())
    if len(sampled) > most:
        sampled = np.sort(np.random.default_rng(seed).choice(len(sampled), most, replace=False))
    ends = np.cumsum(tokens)
    rows = np.split(sampled, np.searchsorted(sampled, ends[:-1]))
    parts = [
        model.vectors(torch.tensor(matrices[name]))[torch.from_numpy(mask.nonzero()[0][chosen - first])]
        for name, mask, chosen, first in zip(matrices, usable, rows, ends - tokens, strict=True)
        if len(chosen)
    ]
    return torch.cat(parts)
