"""Runs of equal units, and the start and end of each token or run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.choices import Repeats
from unitdisc.records import UnitSequence
from unitdisc.tokens import changes


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Units (R,), of which no two neighbours are equal if collapsed, and the number of tokens (R,) of each."""

    units: Ints
    lengths: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Units (R,) from ``start`` (inclusive) to ``end`` (exclusive), in seconds or columns."""

    units: Ints
    start: NDArray[np.float64]
    end: NDArray[np.float64]

    @property
    def durations(self) -> NDArray[np.float64]:
        """The time (R,) that each takes, in seconds or columns."""
        return np.round(self.end - self.start, 9)


def runs(units: Ints, repeats: Repeats = "collapse") -> Runs:
    """Return the runs of ``units`` (T,); if repeats are kept, each token is a run of length 1."""
    if repeats == "keep" or not len(units):
        return Runs(units, np.ones(len(units), dtype=np.int64))
    first = np.flatnonzero(np.append(True, changes(units)))
    return Runs(units[first], np.diff(first, append=len(units)))


def expand(runs: Runs) -> Ints:
    """Return the units (T,) of the tokens of ``runs``."""
    return np.repeat(runs.units, runs.lengths, axis=0)


def spans(sequence: UnitSequence, repeats: Repeats) -> Spans:
    """Return the tokens of a sequence, or its runs, with their times; token i begins at i · frame shift."""
    collapsed = runs(sequence.units, repeats)
    edges = np.append(0, np.cumsum(collapsed.lengths)) * sequence.frame_shift
    times = np.round(edges, 9)  # 3 · 0.1 is 0.3
    return Spans(collapsed.units, times[:-1], times[1:])
