"""Statistics of a run's units over all splits: how often, how long, under which labels, and where they occur."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.config import splits
from unitdisc.records import UnitSequence
from unitdisc.report.browser.windows import Windows
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.scores.discovery.alignment import Alignment, align
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
    """Count the units of a run; None if it has none."""
    by_split = {split: run.units(split) for split in splits}
    known = set(windows.utterances)
    units = {name: s for part in by_split.values() for name, s in part.items() if name in known and len(s.units)}
    if not units:
        return None
    labels = pd.Index(sorted(corpus.labels["label"].unique()))
    aligned = align(units, corpus.labels, labels)
    used, unit = np.unique(aligned.unit, return_inverse=True)
    utterance = windows.utterances.get_indexer(pd.Index(aligned.utterances)).astype(np.int64)[aligned.owner]
    time = _times(aligned)
    window = windows.find(utterance, time)
    begins = _begins(aligned)
    train = np.isin(windows.split[window], ["train"])
    table = _count(unit, aligned.label, len(used), len(labels))
    fitted = _count(unit[train], aligned.label[train], len(used), len(labels)) if train.any() else table
    mapping = many_to_one(fitted) if fitted.any() else np.full(len(used), -1)
    counted = (aligned.label >= 0) & ~np.isin(aligned.label, labels.get_indexer(pd.Index(corpus.exclude)))
    right = counted & (mapping[unit] == aligned.label)
    lengths = np.bincount(unit, weights=aligned.shift[aligned.owner], minlength=len(used))
    stretches = np.bincount(unit[begins], minlength=len(used))
    first = np.unique(unit, return_index=True)[1]
    return UnitStatistics(
        run=run,
        shift=float(np.median(aligned.shift)),
        used=used,
        tokens=np.bincount(unit, minlength=len(used)),
        stretches=stretches,
        duration=lengths / stretches,
        labels=list(labels),
        table=table,
        mapping=mapping,
        cover=_cover(unit[begins], window[begins], candidates, len(used)),
        utterance=utterance[first],
        time=time[first],
        right=np.bincount(window[right], minlength=len(windows)),
        scored=np.bincount(window[counted], minlength=len(windows)),
    )


def piece(sequences: Mapping[str, UnitSequence], utterance: str, start: float, end: float) -> tuple[int, Ints]:
    """Return the units of the tokens that touch a stretch of an utterance, and the index of the first of them."""
    if utterance not in sequences:
        return 0, np.zeros(0, dtype=np.int64)
    sequence = sequences[utterance]
    first = int(start / sequence.frame_shift + 1e-6)
    last = int(np.ceil(end / sequence.frame_shift - 1e-6))
    return first, sequence.units[first:last]


def _times(aligned: Alignment) -> NDArray[np.float64]:
    """Return the middle of each token from the start of its utterance, in seconds or columns."""
    before = np.cumsum(aligned.tokens) - aligned.tokens
    index = np.arange(len(aligned.owner)) - before[aligned.owner]
    middle: NDArray[np.float64] = (index + 0.5) * aligned.shift[aligned.owner]
    return middle


def _begins(aligned: Alignment) -> NDArray[np.bool_]:
    """Return for each token whether it begins a stretch: another unit or another utterance than the token before."""
    same = (aligned.unit[1:] == aligned.unit[:-1]) & (aligned.owner[1:] == aligned.owner[:-1])
    return np.append(True, ~same)


def _count(unit: Ints, label: Ints, units: int, labels: int) -> Ints:
    known = label >= 0
    cells = np.bincount(unit[known] * labels + label[known], minlength=units * labels)
    return cells.astype(np.int64).reshape(units, labels)


def _cover(unit: Ints, window: Ints, candidates: Ints, units: int) -> Ints:
    column = np.searchsorted(candidates, window)
    known = (column < len(candidates)) & (candidates[np.minimum(column, len(candidates) - 1)] == window)
    cells = np.bincount(unit[known] * len(candidates) + column[known], minlength=units * len(candidates))
    return cells.astype(np.int64).reshape(units, len(candidates))
