"""Place units and labels on one time line, so that every score works on flat arrays of all utterances.

Times are whole ticks of 0.1 µs (or of 1e-7 columns), which keeps 0.3 + 0.03 equal to 0.33; utterance u starts at tick
``origin[u]`` of a time line on which utterances are too far apart to touch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence
from unitdisc.tokens import changes, joint, stacked

second = 10_000_000  # ticks
collapsed = "the units look collapsed (no two neighbours are equal): give them with their repeats or their durations"


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Labels (S,) in order: their utterance, start and end (ticks on the time line), and code."""

    owner: Ints
    start: Ints
    end: Ints
    label: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Tokens (T,) of all utterances (U,), the label each has, and the labels themselves.

    Per token: ``owner`` is its utterance, ``unit`` its unit, ``label`` the code of the label that covers its middle (-1
    for none), ``time`` its start in ticks. Per utterance: ``shift`` is its frame shift (seconds or columns), ``tokens``
    its number of tokens, ``end`` the end of the last one in ticks. Where a token has an index of each of G codebooks,
    its ``unit`` is a joint number, and ``choices`` (T, G) are the indices. ``gridded`` tokens are those of images,
    which have no order in time.
    """

    utterances: list[str]
    shift: NDArray[np.float64]
    tokens: Ints
    end: Ints
    owner: Ints
    unit: Ints
    label: Ints
    time: Ints
    segments: Segments
    choices: Ints | None = None
    gridded: bool = False


def align(
    units: Mapping[str, UnitSequence],
    labels: pd.DataFrame,
    vocabulary: pd.Index,
) -> Alignment:
    """Give each token i the label that covers (i + 0.5) · frame shift; labels of other utterances are ignored.

    ``labels`` is sorted as by ``read_labels``, ``vocabulary`` lists the labels by code. Raises InputError for a
    unit below 0.
    """
    sequences = list(units.values())
    _check_units(sequences)
    rows = stacked(s.units for s in sequences).astype(np.int64)
    shift = np.array([s.frame_shift for s in sequences], dtype=float)
    tokens = np.array([len(s.units) for s in sequences], dtype=np.int64)
    label_owner, label_end = _ends(units, labels)
    known = label_owner >= 0
    extent = _ticks(np.maximum(label_end, tokens * shift)) + 3600 * second
    origin = np.cumsum(extent) - extent
    segments = _segments(labels[known], label_owner[known], origin, vocabulary)
    owner = np.repeat(np.arange(len(sequences)), tokens)
    index = np.arange(len(owner)) - np.repeat(np.cumsum(tokens) - tokens, tokens)
    return Alignment(
        utterances=list(units),
        shift=shift,
        tokens=tokens,
        end=origin + _ticks(tokens * shift),
        owner=owner,
        unit=joint(rows),
        label=cover(segments, origin[owner] + _ticks((index + 0.5) * shift[owner])),
        time=origin[owner] + _ticks(index * shift[owner]),
        segments=segments,
        choices=rows if rows.ndim == 2 else None,
        gridded=any(s.grid is not None for s in sequences),
    )


def check_lengths(
    units: Mapping[str, UnitSequence],
    labels: pd.DataFrame,
    path: Path | None = None,
    line_of: Callable[[int], int | None] = lambda _: None,
    ends: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Raise InputError for an utterance whose end differs from that of its labels by more than one token.

    ``path`` is the file of units and ``line_of`` the line of each utterance, by number, for the error. ``ends`` are the
    ends that files of labels state, after which a last part without a label may lie. Utterances without labels are
    accepted.
    """
    shift = np.array([s.frame_shift for s in units.values()], dtype=float)
    tokens = np.array([len(s.units) for s in units.values()], dtype=np.int64)
    _, label_end = _ends(units, labels)
    label_end = np.maximum(label_end, [ends.get(name, 0.0) for name in units])
    covered = np.ceil(label_end / shift - 0.5 - 1e-6)  # tokens whose middle comes before the last label's end
    off = (label_end > 0) & (np.abs(tokens - covered) > 1)
    if off.any():
        u = int(np.argmax(off))
        shorter = bool((tokens[off] < covered[off]).all()) and _look_collapsed(units)
        raise InputError(
            f"the labels of {list(units)[u]!r} end at {label_end[u]:g}, its {tokens[u]} units at "
            f"{tokens[u] * shift[u]:g}, more than one token of {shift[u]:g} apart ({off.sum()} such utterances)",
            path,
            line_of(u),
            fix=collapsed if shorter else "check the frame shift, or score what they have in common (--lengths common)",
        )


def _look_collapsed(units: Mapping[str, UnitSequence]) -> bool:
    """Tell whether no two neighbours are equal, in sequences of several units."""
    several = [sequence.units for sequence in units.values() if len(sequence.units) > 1]
    return bool(several) and all(bool(changes(each).all()) for each in several)


def cover(segments: Segments, times: Ints) -> Ints:
    """Return the code of the label that covers each time (ticks), -1 where none does."""
    if not len(segments.start):
        return np.full(len(times), -1, dtype=np.int64)
    index = np.searchsorted(segments.start, times, side="right") - 1
    covered = (index >= 0) & (times < segments.end[index])
    return np.where(covered, segments.label[index], -1)


def refine(units: Mapping[str, UnitSequence], step: float) -> dict[str, UnitSequence]:
    """Repeat each token over the frames of ``step`` seconds or columns whose middle it covers."""
    finer = {}
    for name, sequence in units.items():
        frames = round(len(sequence.units) * sequence.frame_shift / step)
        index = ((np.arange(frames) + 0.5) * step / sequence.frame_shift).astype(np.int64)
        finer[name] = UnitSequence(name, step, sequence.units[np.minimum(index, len(sequence.units) - 1)])
    return finer


def _ends(units: Mapping[str, UnitSequence], labels: pd.DataFrame) -> tuple[Ints, NDArray[np.float64]]:
    """Return the utterance of each label (-1 for other utterances) and the end (U,) of each utterance's last label."""
    owner = pd.Index(list(units)).get_indexer(pd.Index(labels["utterance"])).astype(np.int64)
    stop = np.zeros(len(units))
    np.maximum.at(stop, owner[owner >= 0], labels["end"].to_numpy(float)[owner >= 0])
    return owner, stop


def _segments(labels: pd.DataFrame, owner: Ints, origin: Ints, vocabulary: pd.Index) -> Segments:
    order = np.argsort(owner, kind="stable")
    sorted_owner = owner[order]
    start = origin[sorted_owner] + _ticks(labels["start"].to_numpy(float)[order])
    end = origin[sorted_owner] + _ticks(labels["end"].to_numpy(float)[order])
    code = vocabulary.get_indexer(pd.Index(labels["label"])).astype(np.int64)[order]
    return Segments(sorted_owner, start, end, code)


def _ticks(times: NDArray[np.float64]) -> Ints:
    return np.rint(times * second).astype(np.int64)


def _check_units(sequences: list[UnitSequence]) -> None:
    for sequence in sequences:
        if len(sequence.units) and sequence.units.min() < 0:
            raise InputError(f"unit {sequence.units.min()} of {sequence.utterance!r} is below 0")
        if not 0 < sequence.frame_shift < np.inf:
            raise InputError(f"the frame shift {sequence.frame_shift:g} of {sequence.utterance!r} is not above 0")
