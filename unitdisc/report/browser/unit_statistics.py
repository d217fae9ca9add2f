"""Statistics of a run's units over all splits: how often, how long, under which labels, and where they occur."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.records import UnitSequence
from unitdisc.report.browser.run_units import Part, Parts, RunUnits
from unitdisc.report.browser.windows import Windows
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.scores.discovery.mapping import many_to_one


@dataclass(frozen=True, slots=True, eq=False)
class UnitStatistics:
    """Statistics of the used units (V,) of a run.

    ``tokens`` and ``stretches`` (runs of one unit) count them, ``duration`` is the mean stretch in seconds or columns;
    ``table`` (V, L) counts tokens by label, ``mapping`` (V,) is the label most frequent on train (-1: none).
    ``cover`` (V, C) counts stretches that start in each candidate window; ``utterance`` and ``time`` (V,) say where a
    unit occurs first. ``right`` and ``scored`` (W,) count the tokens of a window, outside silence or space, that have
    the label of their unit, and all of them.
    """

    run: RunResults
    shift: float
    used: Ints
    tokens: Ints
    stretches: Ints
    duration: NDArray[np.float64]
    labels: list[str]
    table: Ints
    mapping: Ints
    cover: Ints
    utterance: Ints
    time: NDArray[np.float64]
    right: Ints
    scored: Ints


def count_units(corpus: CorpusResults, run: RunResults, windows: Windows, candidates: Ints) -> UnitStatistics | None:
    """Count the units of a run, a part of its utterances at a time; None if it has none."""
    labels = pd.Index(sorted(corpus.labels.counts), dtype="str")
    with RunUnits(run) as units:
        parts = Parts(corpus, units, windows, labels)
        if not len(parts.used):
            return None
        counts = _Counts.none(len(parts.used), len(labels), len(candidates))
        for part in parts:
            counts.add(parts.used, part, candidates, windows)
        fitted = counts.fitted if counts.train.any() else counts.table
        mapping = many_to_one(fitted) if fitted.any() else np.full(len(parts.used), -1)
        excluded = labels.get_indexer(pd.Index(corpus.exclude))
        right, scored = (np.zeros(len(windows), dtype=np.int64) for _ in range(2))
        for part in parts:
            counted = (part.label >= 0) & ~np.isin(part.label, excluded)
            agreeing = counted & (mapping[np.searchsorted(parts.used, part.unit)] == part.label)
            np.add.at(right, part.window[agreeing], 1)
            np.add.at(scored, part.window[counted], 1)
    return UnitStatistics(
        run=run,
        shift=parts.shift,
        used=parts.used,
        tokens=counts.tokens,
        stretches=counts.stretches,
        duration=counts.lengths / counts.stretches,
        labels=list(labels),
        table=counts.table,
        mapping=mapping,
        cover=counts.cover,
        utterance=counts.utterance,
        time=counts.time,
        right=right,
        scored=scored,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """The counts of units (V,), added up part by part; see ``UnitStatistics``. ``fitted`` is of train alone."""

    tokens: Ints
    stretches: Ints
    lengths: NDArray[np.float64]
    table: Ints
    fitted: Ints
    train: Ints
    cover: Ints
    utterance: Ints
    time: NDArray[np.float64]

    @classmethod
    def none(cls, units: int, labels: int, candidates: int) -> "_Counts":
        """Return counts of nothing."""
        shapes = ((units,), (units,), (units,), (units, labels), (units, labels), (1,), (units, candidates))
        tokens, stretches, lengths, table, fitted, train, cover = (np.zeros(shape, dtype=np.int64) for shape in shapes)
        utterance, time = np.full(units, -1, dtype=np.int64), np.zeros(units)
        return cls(tokens, stretches, lengths.astype(float), table, fitted, train, cover, utterance, time)

    def add(self, used: Ints, part: Part, candidates: Ints, windows: Windows) -> None:
        """Count a part; ``used`` are the units."""
        unit = np.searchsorted(used, part.unit)
        units, labels = self.table.shape
        self.tokens[:] += np.bincount(unit, minlength=units)
        self.stretches[:] += np.bincount(unit[part.begins], minlength=units)
        np.add.at(self.lengths, unit, part.shift)
        train = windows.split[part.window] == "train"
        self.train[:] += train.sum()
        self.table[:] += _count(unit, part.label, units, labels)
        self.fitted[:] += _count(unit[train], part.label[train], units, labels)
        self.cover[:] += _cover(unit[part.begins], part.window[part.begins], candidates, units)
        found, first = np.unique(unit, return_index=True)
        new = self.utterance[found] < 0
        self.utterance[found[new]], self.time[found[new]] = part.utterance[first[new]], part.time[first[new]]


def piece(sequences: Mapping[str, UnitSequence], utterance: str, start: float, end: float) -> tuple[int, Ints]:
    """Return the units of the tokens that touch a stretch of an utterance, and the index of the first of them."""
    if utterance not in sequences:
        return 0, np.zeros(0, dtype=np.int64)
    sequence = sequences[utterance]
    first = int(start / sequence.frame_shift + 1e-6)
    last = int(np.ceil(end / sequence.frame_shift - 1e-6))
    return first, sequence.units[first:last]


def _count(unit: Ints, label: Ints, units: int, labels: int) -> Ints:
    known = label >= 0
    cells = np.bincount(unit[known] * labels + label[known], minlength=units * labels)
    return cells.astype(np.int64).reshape(units, labels)


def _cover(unit: Ints, window: Ints, candidates: Ints, units: int) -> Ints:
    column = np.searchsorted(candidates, window)
    known = (column < len(candidates)) & (candidates[np.minimum(column, len(candidates) - 1)] == window)
    cells = np.bincount(unit[known] * len(candidates) + column[known], minlength=units * len(candidates))
    return cells.astype(np.int64).reshape(units, len(candidates))
