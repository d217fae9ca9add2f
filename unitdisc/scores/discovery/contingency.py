"""Count what occurs together, per utterance, so that any resample of utterances is a weighted sum."""

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled

Indices = NDArray[np.int32]
together = 8  # resamples that are counted in one pass over the cells
at_once = 1_000_000  # entries that are renumbered at a time


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """A sparse histogram of cells per utterance (U,), 8 bytes for each cell of each utterance.

    Utterance u has the cells ``cell[first[u]:first[u + 1]]``, each as often as ``count`` says. ``keys`` (C, columns)
    are the values that make a cell, such as a unit and a label, in their order.
    """

    first: Ints
    cell: Indices
    count: Indices
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
        self._first, self._cell, self._count = array("q", [0]), array("i"), array("i")
        self._keys: Ints | None = None  # in the order in which they came

    def add(self, part: Counts) -> None:
        """Append the counts of some utterances."""
        known = part.keys[:0] if self._keys is None else self._keys
        keys, place, inverse = np.unique(
            np.concatenate([known, part.keys]), axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(place)
        number = np.argsort(order)[inverse.reshape(-1)[len(known) :]].astype(np.int32)
        self._keys = keys[order]
        self._first.frombytes((part.first[1:] + self._first[-1]).tobytes())
        self._cell.frombytes(number[part.cell].tobytes())
        self._count.frombytes(part.count.tobytes())

    def counts(self) -> Counts:
        """Return the counts of all parts, of which there is at least one; the arrays become theirs."""
        cell = np.frombuffer(self._cell, dtype=np.int32)
        keys = np.zeros((0, 1), dtype=np.int64) if self._keys is None else self._keys
        order = np.lexsort(keys.T[::-1])
        number = np.argsort(order).astype(np.int32)
        for first in range(0, len(cell), at_once):
            cell[first : first + at_once] = number[cell[first : first + at_once]]
        first_of, count_of = (np.frombuffer(self._first, dtype=np.int64), np.frombuffer(self._count, dtype=np.int32))
        return Counts(first_of, cell, count_of, keys[order])


def from_owners(owner: Ints, cell: Ints, count: Ints, keys: Ints, utterances: int) -> Counts:
    """Return the counts of entries with their utterance ``owner``, in any order of utterances."""
    order = np.argsort(owner, kind="stable")
    first = np.append(0, np.cumsum(np.bincount(owner, minlength=utterances)))
    return Counts(first, cell[order].astype(np.int32), count[order].astype(np.int32), keys)


@compiled("int64[:, ::1](int64[:, ::1], int64[::1], int32[::1], int32[::1], int64)")
def _weighted(weights: Ints, first: Ints, cell: Indices, count: Indices, cells: int) -> Ints:
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
