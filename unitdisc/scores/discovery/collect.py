"""Collect, once, the statistics of each utterance from which all scores are computed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Lengths
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery import boundaries, contingency, edits, mapping, usage
from unitdisc.scores.discovery.alignment import Alignment, align, refine, second
from unitdisc.scores.discovery.statistics import UtteranceStatistics

Split = tuple[Mapping[str, UnitSequence], pd.DataFrame]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An alignment and which labels count in it: ``scored`` (labels + 1,), the last entry being for no label."""

    alignment: Alignment
    frames: Alignment
    unit: Ints  # (T,) dense codes of units
    units: int
    scored: NDArray[np.bool_]
    tolerance: int  # ticks

    def table(self) -> Ints:
        """Return the contingency table (units, labels) of the scored tokens."""
        keep = self.scored[self.alignment.label]
        shape = (self.units, len(self.scored) - 1)
        code = self.unit[keep] * shape[1] + self.alignment.label[keep]
        return np.bincount(code, minlength=shape[0] * shape[1]).reshape(shape)

    def total(self, owner: Ints, chosen: NDArray[np.bool_] | None = None) -> Floats:
        """Count the items per utterance (U,) by their ``owner``, or only those where ``chosen`` is true."""
        counted = owner if chosen is None else owner[chosen]
        return np.bincount(counted, minlength=len(self.alignment.utterances)).astype(float)


def collect_statistics(
    split: Split,
    *,
    fit: Split | None,
    excluded: Collection[str],
    tolerance: float,
    groups: list[str],
    lengths: Lengths,
    frame: float | None,
) -> UtteranceStatistics:
    """Collect the statistics of a split of units and labels; ``fit`` is another split on which mappings are fitted too.

    ``tolerance`` and ``frame`` are in seconds or columns, ``groups`` (U,) names what the bootstrap draws. Raises
    InputError as ``align`` does.
    """
    names = pd.concat([labels["label"] for _, labels in ((split, fit) if fit else (split,))])
    vocabulary = pd.Index(sorted(set(names)), dtype="str")
    alignment = align(*split, vocabulary, lengths=lengths)
    fit_alignment = align(*fit, vocabulary, lengths=lengths) if fit else None
    frames = align(refine(split[0], frame), split[1], vocabulary) if frame else alignment
    units = np.unique(np.concatenate([alignment.unit, fit_alignment.unit] if fit_alignment else [alignment.unit]))
    unit = np.searchsorted(units, alignment.unit)
    sums = {"duration": alignment.tokens * alignment.shift}
    for suffix, scored in _scored_labels(vocabulary, excluded).items():
        view = View(alignment, frames, unit, len(units), scored, round(tolerance * second))
        sums |= _fitted(view, view.table(), suffix) | _unmapped(view, suffix)
        if fit_alignment:
            fit_view = View(
                fit_alignment,
                fit_alignment,
                np.searchsorted(units, fit_alignment.unit),
                len(units),
                scored,
                view.tolerance,
            )
            sums |= _fitted(view, fit_view.table(), metrics.heldout + suffix)
    known = alignment.label >= 0
    return UtteranceStatistics(
        utterances=alignment.utterances,
        groups=groups,
        labels=vocabulary.tolist(),
        excluded=sorted(excluded),
        cells=contingency.count(alignment.owner[known], unit[known], alignment.label[known]),
        units=usage.unit_counts(alignment),
        runs=usage.run_counts(alignment),
        sums=sums,
    )


def _scored_labels(vocabulary: pd.Index, excluded: Collection[str]) -> dict[str, NDArray[np.bool_]]:
    """Return by the metrics' suffix which labels are scored (labels + 1,); the last entry, for no label, is false."""
    left_out = vocabulary.isin(list(excluded))
    choices = {"": np.append(~left_out, False)}
    if left_out.any():
        choices[metrics.excluded] = np.append(np.ones(len(vocabulary), dtype=bool), False)
    return choices


def _fitted(view: View, table: Ints, suffix: str) -> dict[str, Floats]:
    """Return the sums that depend on a mapping, here fitted on ``table``; none if a table is empty."""
    if not table.sum() or not view.table().sum():
        return {}
    many, one = mapping.many_to_one(table), mapping.one_to_one(table)
    keep = view.scored[view.alignment.label]
    owner, unit, label = (values[keep] for values in (view.alignment.owner, view.unit, view.alignment.label))
    sums = {
        "many_to_one": view.total(owner, mapping.correct(many, unit, label)),
        "one_to_one": view.total(owner, mapping.correct(one, unit, label)),
        "majority": view.total(owner, label == mapping.majority(table)),
    }
    mapped = many[view.unit]
    sums |= _boundary_counts(view, mapped, "boundary")
    sums |= dict(zip(("substitutions", "deletions", "insertions"), _edits(view, mapped), strict=True))
    return {name + suffix: values for name, values in sums.items()}


def _unmapped(view: View, suffix: str) -> dict[str, Floats]:
    """Return the sums that need no mapping: numbers of items to score, and the boundaries between units."""
    keep = view.scored[view.alignment.label]
    truth = boundaries.gold(view.alignment, view.scored)
    sums = {
        "tokens": view.total(view.alignment.owner[keep]),
        "labels": np.diff(_reference(view)[1], prepend=0).astype(float),
        "boundaries": view.total(truth.owner),
        "frame_f1": boundaries.frame_f1(view.frames, view.scored),
    }
    sums["scored"] = (sums["tokens"] > 0).astype(float)
    sums |= _boundary_counts(view, view.alignment.unit, "unit_boundary")
    return {name + suffix: values for name, values in sums.items()}


def _boundary_counts(view: View, value: Ints, name: str) -> dict[str, Floats]:
    truth = boundaries.gold(view.alignment, view.scored)
    guess = boundaries.changes(view.alignment, value, view.scored)
    hits = boundaries.hits(truth, guess, view.tolerance)
    return {f"{name}_hits": view.total(truth.owner, hits), f"{name}_guesses": view.total(guess.owner)}


def _edits(view: View, mapped: Ints) -> Floats:
    """Return substitutions, deletions and insertions (3, U) of the mapped tokens against the labels."""
    index = np.flatnonzero(view.scored[view.alignment.label])
    joined = np.diff(index, prepend=-1) == 1
    guess = edits.collapse(view.alignment.owner[index], mapped[index], joined, len(view.alignment.utterances))
    return edits.edit_counts(*guess, *_reference(view)).T.astype(float)


def _reference(view: View) -> tuple[Ints, Ints]:
    """Return the scored labels with repeats collapsed, and where those of each utterance end (U,)."""
    s = view.alignment.segments
    keep = view.scored[s.label] & (s.start < view.alignment.end[s.owner])
    touching = np.append(True, s.start[1:] <= s.end[:-1] + boundaries.slack)
    joined = touching[keep] & (np.diff(np.flatnonzero(keep), prepend=-1) == 1)
    return edits.collapse(s.owner[keep], s.label[keep], joined, len(view.alignment.utterances))
