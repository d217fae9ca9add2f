"""Count what occurs together, per utterance, so that any resample of utterances is a weighted sum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled
from unitdisc.scores.discovery.columns import Column, narrowed

Indices = NDArray[np.uint16] | NDArray[np.uint32]
Times = NDArray[np.uint8]
cell_types, most_times = "HI", 255
together = 8  # resamples that are counted in one pass over the cells
at_once = 1_000_000  # entries that are renumbered at a time


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """A sparse histogram of cells per utterance (U,): 3 bytes for each cell of each utterance, 5 of over 65,536 cells.

    Utterance u has the cells ``cell[first[u]:first[u + 1]]``, each as often as ``count`` says; a cell that it has more
    than 255 times has several entries. ``keys`` (C, columns) are the values that make a cell, such as a unit and a
    label, in their order.
    """

    first: Ints
    cell: Indices
    count: Times
    keys: Ints

    @property
    def owner(self) -> Ints:
        """The utterance of each entry."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def reordered(self, old: Ints) -> "Counts":
        """Return the counts of the utterances ``old`` (U,), in that order."""
        length = np.diff(self.first)[old]
        ends = np.cumsum(length)
        entry = np.arange(len(self.cell)) + np.repeat(self.first[old] - ends + length, length)
        return Counts(np.append(0, ends), self.cell[entry], self.count[entry], self.keys)


def count(owner: Ints, *columns: Ints, utterances: int) -> Counts:
    """Count the combinations of ``columns`` (T,), whole numbers from 0, in each utterance ``owner`` (T,)."""
    code = np.zeros(len(owner), dtype=np.int64)
    for column in columns:
        code = code * (1 + column.max(initial=0)) + column
    codes, first, cell = np.unique(code, return_index=True, return_inverse=True)
    entries, counts = np.unique(owner * max(len(codes), 1) + cell, return_counts=True)
    keys = np.stack([column[first] for column in columns], axis=1)
    return from_owners(entries // max(len(codes), 1), entries % max(len(codes), 1), counts, keys, utterances)


class Gathered:
    """Counts of utterances that come in parts, in arrays that grow in place."""

    def __init__(self) -> None:
        self._first, self._cell, self._count = Column("q"), Column(cell_types), Column("B")
        self._first.add(np.zeros(1, dtype=np.int64))
        self._entries = 0
        self._keys: Ints | None = None  # in the order in which they came

    def add(self, part: Counts) -> None:
        """Append the counts of some utterances."""
        known = part.keys[:0] if self._keys is None else self._keys
        keys, place, inverse = np.unique(
            np.concatenate([known, part.keys]), axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(place)
        number = np.argsort(order)[inverse.reshape(-1)[len(known) :]]
        self._keys = keys[order]
        self._first.add(part.first[1:] + self._entries)
        self._entries += len(part.cell)
        self._cell.add(number[part.cell])
        self._count.add(part.count)

    def counts(self) -> Counts:
        """Return the counts of all parts, of which there is at least one; the arrays become theirs."""
        keys = np.zeros((0, 1), dtype=np.int64) if self._keys is None else self._keys
        order = np.lexsort(keys.T[::-1])
        number = np.argsort(order)
        cell = self._cell.values()
        for first in range(0, len(cell), at_once):
            cell[first : first + at_once] = number[cell[first : first + at_once]]
        return Counts(self._first.values(), cell, self._count.values(), keys[order])


def from_owners(owner: Ints, cell: Ints, count: Ints, keys: Ints, utterances: int) -> Counts:
    """Return the counts of entries with their utterance ``owner``, in any order of utterances."""
    entries = np.maximum(-(-count // most_times), 1)
    times = np.full(entries.sum(), most_times)
    times[np.cumsum(entries) - 1] = count - most_times * (entries - 1)
    owner, cell = np.repeat(owner, entries), np.repeat(cell, entries)
    order = np.argsort(owner, kind="stable")
    first = np.append(0, np.cumsum(np.bincount(owner, minlength=utterances)))
    return Counts(first, narrowed(cell[order], cell_types), times[order].astype(np.uint8), keys)


@compiled(
    "int64[:, ::1](int64[:, ::1], int64[::1], uint16[::1], uint8[::1], int64)",
    "int64[:, ::1](int64[:, ::1], int64[::1], uint32[::1], uint8[::1], int64)",
)
def _weighted(weights: Ints, first: Ints, cell: Indices, count: Times, cells: int) -> Ints:
    """Return how often each cell occurs (C, S) with utterance u counted ``weights[u]`` (S,) times."""
    out = np.zeros((cells, weights.shape[1]), dtype=np.int64)
    for u in range(len(first) - 1):
        for e in range(first[u], first[u + 1]):
            for s in range(weights.shape[1]):
                out[cell[e], s] += weights[u, s] * count[e]
    return out


def weighted(weights: Ints, counts: Counts) -> Ints:
    """Return how often each cell occurs (S, C) when utterance u is counted ``weights[s, u]`` times."""
    out = np.empty((len(weights), len(counts.keys)), dtype=np.int64)
    for row in range(0, len(weights), together):
        some = np.ascontiguousarray(weights[row : row + together].T)
        out[row : row + together] = _weighted(some, counts.first, counts.cell, counts.count, len(counts.keys)).T
    return out


def fractions(hits: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide elementwise; 0 of 0 is nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of == 0, np.nan, hits / of)
