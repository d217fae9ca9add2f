"""Statistics of a run's units over all splits: how often, how long, under which labels, and where they occur."""

from collections.abc import Mapping, Sequence
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
    """Statistics of the used units (V,) of a run, or of one ``codebook`` (from 0) where a token has several indices.

    ``tokens`` and ``stretches`` (runs of one unit) count them, ``duration`` is the mean stretch in seconds or columns;
    ``table`` (V, L) counts tokens by label, ``mapping`` (V,) is the label most frequent on train (-1: none).
    ``cover`` (V, C) counts stretches that start in each candidate window; ``utterance`` and ``time`` (V,) say where a
    unit occurs first. ``right`` and ``scored`` (W,) count the tokens of a window, outside silence or space, that have
    the label of their unit, and all of them.
    """

    run: RunResults
    codebook: int | None
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


def count_units(corpus: CorpusResults, run: RunResults, windows: Windows, candidates: Ints) -> list[UnitStatistics]:
    """Count the units of a run, a part of its utterances at a time; nothing if it has none.

    Where a token has an index of each of several codebooks, there are statistics of each.
    """
    labels = pd.Index(sorted(corpus.labels.counts), dtype="str")
    with RunUnits(run) as units:
        parts = Parts(corpus, units, windows, labels)
        counts = [_Counts.none(used, len(labels), len(candidates)) for used in parts.used]
        for part in parts:
            for codebook, of_codebook in enumerate(counts):
                of_codebook.add(part, codebook, candidates, windows)
        mappings = [of_codebook.mapping() for of_codebook in counts]
        excluded = labels.get_indexer(pd.Index(corpus.exclude))
        right, scored = _judged(parts, counts, mappings, excluded, len(windows))
    return [
        UnitStatistics(
            run=run,
            codebook=codebook if parts.indices != 1 else None,
            shift=parts.shift,
            used=each.used,
            tokens=each.tokens,
            stretches=each.stretches,
            duration=each.lengths / each.stretches,
            labels=list(labels),
            table=each.table,
            mapping=mappings[codebook],
            cover=each.cover,
            utterance=each.utterance,
            time=each.time,
            right=right[codebook],
            scored=scored,
        )
        for codebook, each in enumerate(counts)
    ]


def _judged(
    parts: Parts, counts: Sequence["_Counts"], mappings: Sequence[Ints], excluded: Ints, windows: int
) -> tuple[Ints, Ints]:
    """Return how many tokens of each window are right by each codebook (G, W), and how many are scored (W,)."""
    right, scored = np.zeros((len(counts), windows), dtype=np.int64), np.zeros(windows, dtype=np.int64)
    for part in parts:
        counted = (part.label >= 0) & ~np.isin(part.label, excluded)
        np.add.at(scored, part.window[counted], 1)
        for codebook, (each, mapping) in enumerate(zip(counts, mappings, strict=True)):
            agreeing = counted & (mapping[np.searchsorted(each.used, part.units[:, codebook])] == part.label)
            np.add.at(right[codebook], part.window[agreeing], 1)
    return right, scored


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """The counts of the units ``used`` (V,), added up part by part; see ``UnitStatistics``. ``fitted`` is of train."""

    used: Ints
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
    def none(cls, used: Ints, labels: int, candidates: int) -> "_Counts":
        """Return counts of nothing."""
        units = len(used)
        shapes = ((units,), (units,), (units,), (units, labels), (units, labels), (1,), (units, candidates))
        tokens, stretches, lengths, table, fitted, train, cover = (np.zeros(shape, dtype=np.int64) for shape in shapes)
        utterance, time = np.full(units, -1, dtype=np.int64), np.zeros(units)
        return cls(used, tokens, stretches, lengths.astype(float), table, fitted, train, cover, utterance, time)

    def mapping(self) -> Ints:
        """Return the label (V,) of each unit that is most frequent on train, or anywhere if train is not there."""
        table = self.fitted if self.train.any() else self.table
        return many_to_one(table) if table.any() else np.full(len(self.used), -1)

    def add(self, part: Part, codebook: int, candidates: Ints, windows: Windows) -> None:
        """Count the units of a codebook in a part."""
        unit, begins = np.searchsorted(self.used, part.units[:, codebook]), part.begins[:, codebook]
        units, labels = self.table.shape
        self.tokens[:] += np.bincount(unit, minlength=units)
        self.stretches[:] += np.bincount(unit[begins], minlength=units)
        np.add.at(self.lengths, unit, part.shift)
        train = windows.split[part.window] == "train"
        self.train[:] += train.sum()
        self.table[:] += _count(unit, part.label, units, labels)
        self.fitted[:] += _count(unit[train], part.label[train], units, labels)
        self.cover[:] += _cover(unit[begins], part.window[begins], candidates, units)
        found, first = np.unique(unit, return_index=True)
        new = self.utterance[found] < 0
        self.utterance[found[new]], self.time[found[new]] = part.utterance[first[new]], part.time[first[new]]


def piece(sequences: Mapping[str, UnitSequence], utterance: str, start: float, end: float) -> tuple[int, Ints]:
    """Return the units (T,) or (T, G) of the tokens that touch a stretch, and the index of the first of them."""
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
