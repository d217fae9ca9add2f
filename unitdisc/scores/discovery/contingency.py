"""Count what occurs together, an utterance at a time, so that any resample of utterances is a weighted sum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """A sparse histogram of cells an utterance: ``cell[e]`` occurs ``count[e]`` times in utterance ``owner[e]``.

    ``keys`` (C, columns) says what a cell stands for, such as a unit and a label.
    """

    owner: Ints
    cell: Ints
    count: Ints
    keys: Ints

    def total(self) -> Ints:
        """Return how often each cell (C,) occurs in all."""
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


def dense(counts: Counts, units: int, labels: int) -> Ints:
    """Return the contingency table (units, labels) of counts whose keys are a unit and a label."""
    table = np.zeros((units, labels), dtype=np.int64)
    table[counts.keys[:, 0], counts.keys[:, 1]] = counts.total()
    return table


@compiled("int64[::1](int64[::1], int64[::1], int64[::1], int64[::1], int64)")
def weighted(weights: Ints, owner: Ints, cell: Ints, count: Ints, cells: int) -> Ints:
    """Return how often each cell (C,) occurs when utterance u is taken ``weights[u]`` times."""
    out = np.zeros(cells, dtype=np.int64)
    for e in range(len(owner)):
        out[cell[e]] += weights[owner[e]] * count[e]
    return out


def fractions(hits: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide elementwise; 0 of 0 is nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of == 0, np.nan, hits / of)
