"""Count what occurs together, per utterance, so that any resample of utterances is a weighted sum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """A sparse histogram of cells per utterance: ``cell[e]`` occurs ``count[e]`` times in utterance ``owner[e]``.

    ``keys`` (C, columns) are the values that make a cell, such as a unit and a label.
    """

    owner: Ints
    cell: Ints
    count: Ints
    keys: Ints

    def total(self) -> Ints:
        """Return how often each cell (C,) occurs in total."""
        return np.bincount(self.cell, weights=self.count, minlength=len(self.keys)).astype(np.int64)


def count(owner: Ints, *columns: Ints) -> Counts:
    """Count the combinations of ``columns`` (T,), whole numbers from 0, in each utterance ``owner`` (T,)."""
    code = np.zeros(len(owner), dtype=np.int64)
    for column in columns:
        code = code * (1 + column.max(initial=0)) + column
    codes, first, cell = np.unique(code, return_index=True, return_inverse=True)
    entries, counts = np.unique(owner * max(len(codes), 1) + cell, return_counts=True)
    keys = np.stack([column[first] for column in columns], axis=1)
    return Counts(entries // max(len(codes), 1), entries % max(len(codes), 1), counts.astype(np.int64), keys)


@compiled("int64[::1](int64[::1], int64[::1], int64[::1], int64[::1], int64)")
def weighted(weights: Ints, owner: Ints, cell: Ints, count: Ints, cells: int) -> Ints:
    """Return how often each cell (C,) occurs when utterance u is counted ``weights[u]`` times."""
    out = np.zeros(cells, dtype=np.int64)
    for e in range(len(owner)):
        out[cell[e]] += weights[owner[e]] * count[e]
    return out


def fractions(hits: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide elementwise; 0 of 0 is nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of == 0, np.nan, hits / of)
