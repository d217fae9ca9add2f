"""The vectors of training tokens that are clustered."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.features.activity import fitted, of_tokens
from unitdisc.features.normalise import Normalised


class Vectoriser(Protocol):
    """Turns an utterance's frames (T, D) into the vectors (T', W) of its tokens of ``stride`` frames."""

    @property
    def stride(self) -> int:
        """Frames per token."""

    def vectors(self, frames: Tensor) -> Tensor:
        """Return one vector per token."""


def sampled_vectors(
    model: Vectoriser,
    matrices: Normalised,
    *,
    most: int,
    seed: int,
    transform: Callable[[str, Tensor, Ints], Tensor] | None = None,
) -> Tensor:
    """Return at most ``most`` token vectors (N, W), sampled by the seed; the rest are never kept in memory.

    Where frames are active or not, only those tokens are sampled that codebooks are fitted on. ``transform`` maps an
    utterance's name, all of its vectors and the sampled rows to what is returned for these rows.
    """
    parts = []
    for name, rows in sampled_tokens(matrices, model.stride, most=most, seed=seed):
        vectors = model.vectors(torch.tensor(matrices[name]))
        parts.append(vectors[torch.from_numpy(rows)] if transform is None else transform(name, vectors, rows))
    return torch.cat(parts)


def sampled_tokens(matrices: Normalised, stride: int, *, most: int, seed: int) -> Iterator[tuple[str, Ints]]:
    """Yield utterances with some of their tokens (N,), at most ``most`` in all, of those that codebooks are fitted on.

    Utterances without one are left out.
    """
    usable = [fitted(of_tokens(matrices.active(name), stride)) for name in matrices]
    tokens = np.array([mask.sum() for mask in usable])
    count = int(tokens.sum())
    if count > most:
        sampled = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    else:
        sampled = np.arange(count)
    ends = np.cumsum(tokens)
    rows = np.split(sampled, np.searchsorted(sampled, ends[:-1]))
    for name, mask, chosen, first in zip(matrices, usable, rows, ends - tokens, strict=True):
        if len(chosen):
            yield name, mask.nonzero()[0][chosen - first]
