"""Collect, in the second pass over a split, the statistics of each utterance from which all scores are computed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Drawn
from unitdisc.errors import InputError
from unitdisc.scores.discovery import boundaries, contingency, edits, mapping, usage
from unitdisc.scores.discovery.alignment import Alignment, align, refine, second
from unitdisc.scores.discovery.codebooks import codebook_fits, codebook_sums
from unitdisc.scores.discovery.columns import Column
from unitdisc.scores.discovery.contingency import Counts, Gathered
from unitdisc.scores.discovery.overview import Overview
from unitdisc.scores.discovery.sources import Source
from unitdisc.scores.discovery.statistics import UtteranceStatistics


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Mappings of units (K,) to labels and the most frequent label of a split; ``suffix`` is that of their metrics."""

    suffix: str
    many: Ints
    one: Ints
    majority: int


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Which labels count: ``scored`` (labels + 1,), the last entry being for no label; and the mappings of units."""

    suffix: str
    scored: NDArray[np.bool_]
    fits: tuple[Fit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The alignments of some utterances, as tokens and as frames; ``unit`` (T,) are dense codes of the units."""

    alignment: Alignment
    frames: Alignment
    unit: Ints
    scored: NDArray[np.bool_]
    tolerance: int  # ticks

    def total(self, owner: Ints, chosen: NDArray[np.bool_] | None = None) -> Floats:
        """Count the items per utterance (U,) by their ``owner``, or only those where ``chosen`` is true."""
        counted = owner if chosen is None else owner[chosen]
        return np.bincount(counted, minlength=len(self.alignment.utterances)).astype(float)


def collect_statistics(
    split: Source,
    own: Overview,
    *,
    fit: Overview | None,
    excluded: Collection[str],
    tolerance: float,
    speakers: Mapping[str, str] | None,
    drawn: Drawn,
    frame: float | None,
) -> UtteranceStatistics:
    """Collect the statistics of a split, a block at a time; ``own`` is its overview.

    ``fit`` is another split on which mappings are fitted too. ``tolerance`` and ``frame`` are in seconds or columns.
    ``speakers``, if given, is by utterance, and ``drawn`` whether the bootstrap then draws these. Raises InputError as
    ``align`` does, and for an utterance without a speaker.
    """
    vocabulary = pd.Index(sorted(own.names | (fit.names if fit else set())), dtype="str")
    units = np.union1d(own.seen.units, fit.seen.units) if fit else own.seen.units
    alone = codebook_fits(own, fit, vocabulary, _scored_labels(vocabulary, excluded))
    speaker = [] if speakers is None else [_speaker(speakers, name) for name in own.utterances]
    groups = speaker if speakers is not None and drawn == "speakers" else own.utterances
    views = _views(own, fit, vocabulary, units, excluded)
    sums: dict[str, Column] = {}
    gathered = [Gathered() for _ in range(4 if own.codebooks else 3)]
    first = 0
    for part, labels in split.blocks():
        alignment = align(part, labels, vocabulary)
        frames = align(refine(part, frame), labels, vocabulary) if frame else alignment
        unit = np.searchsorted(units, alignment.unit)
        if own.codebooks:  # joint numbers are large, and may be below 0
            alignment = replace(alignment, unit=unit)
        found = _sums(alignment, frames, unit, views, round(tolerance * second))
        for name, values in chain(found, codebook_sums(alignment, alone)):
            column = sums.setdefault(name, Column())
            column.pad(first)
            column.add(values)
        for each, counts in zip(gathered, _counts(alignment, unit, len(own.codebooks)), strict=True):
            each.add(counts)
        first += len(part)
    cells, used, runs, *codebooks = (each.counts() for each in gathered)
    names = own.utterances, groups, speaker, vocabulary.tolist(), sorted(excluded)
    for column in sums.values():
        column.pad(first)
    whole = {name: column.values() for name, column in sums.items()}
    return UtteranceStatistics(*names, cells, used, runs, whole, next(iter(codebooks), None))


def _counts(alignment: Alignment, unit: Ints, codebooks: int) -> Iterator[Counts]:
    """Yield units with labels, units, units with the lengths of their runs, and indices, counted by utterance."""
    known = alignment.label >= 0
    number = len(alignment.utterances)
    cells = contingency.count(alignment.owner[known], unit[known], alignment.label[known], utterances=number)
    yield from (cells, usage.unit_counts(alignment), usage.run_counts(alignment))
    if codebooks:
        none = np.zeros((0, codebooks), dtype=np.int64)  # of utterances without tokens
        choices = none if alignment.choices is None else alignment.choices
        yield usage.codebook_counts(alignment.owner, choices, number)


def _views(
    own: Overview, other: Overview | None, vocabulary: pd.Index, units: Ints, excluded: Collection[str]
) -> list[View]:
    """Return what is scored, with the mappings fitted on the split itself and on another one; none on empty tables."""
    tables = [(own, "")] + ([(other, metrics.heldout)] if other else [])
    views = []
    for suffix, scored in _scored_labels(vocabulary, excluded).items():
        fits = []
        for overview, fitted in tables:
            pairs = overview.seen.pairs.scored(units, vocabulary, scored)
            if len(pairs.unit) and len(own.seen.pairs.scored(units, vocabulary, scored).unit):
                many, one = pairs.many_to_one(len(units)), pairs.one_to_one(len(units))
                fits.append(Fit(fitted + suffix, many, one, pairs.majority()))
        views.append(View(suffix, scored, tuple(fits)))
    return views


def _sums(
    alignment: Alignment, frames: Alignment, unit: Ints, views: list[View], tolerance: int
) -> Iterator[tuple[str, Floats]]:
    """Yield each sum (U,) of a block by its name."""
    yield "duration", alignment.tokens * alignment.shift
    for view in views:
        block = Block(alignment, frames, unit, view.scored, tolerance)
        own = [fit for fit in view.fits if not fit.suffix.startswith(metrics.heldout)]
        for fit in own:
            yield from _fitted(block, fit)
        yield from _unmapped(block, view.suffix)
        for fit in view.fits[len(own) :]:
            yield from _fitted(block, fit)


def _speaker(speakers: Mapping[str, str], utterance: str) -> str:
    if utterance not in speakers:
        raise InputError(f"utterance {utterance!r} has no speaker", fix="add it to the file of speakers")
    return speakers[utterance]


def _scored_labels(vocabulary: pd.Index, excluded: Collection[str]) -> dict[str, NDArray[np.bool_]]:
    """Return by the metrics' suffix which labels are scored (labels + 1,); the last entry, for no label, is false."""
    left_out = vocabulary.isin(list(excluded))
    choices = {"": np.append(~left_out, False)}
    if left_out.any():
        choices[metrics.excluded] = np.append(np.ones(len(vocabulary), dtype=bool), False)
    return choices


def _fitted(view: Block, fit: Fit) -> Iterator[tuple[str, Floats]]:
    """Yield the sums that depend on a mapping."""
    keep = view.scored[view.alignment.label]
    owner, unit, label = (values[keep] for values in (view.alignment.owner, view.unit, view.alignment.label))
    sums = {
        "many_to_one": view.total(owner, mapping.correct(fit.many, unit, label)),
        "one_to_one": view.total(owner, mapping.correct(fit.one, unit, label)),
        "majority": view.total(owner, label == fit.majority),
    }
    mapped = fit.many[view.unit]
    if not view.alignment.gridded:
        sums |= _boundary_counts(view, mapped, "boundary")
        sums |= dict(zip(("substitutions", "deletions", "insertions"), _edits(view, mapped), strict=True))
    yield from ((name + fit.suffix, values) for name, values in sums.items())


def _unmapped(view: Block, suffix: str) -> Iterator[tuple[str, Floats]]:
    """Yield the sums that need no mapping: numbers of items to score, and the boundaries between units."""
    keep = view.scored[view.alignment.label]
    truth = boundaries.gold(view.alignment, view.scored)
    sums = {
        "tokens": view.total(view.alignment.owner[keep]),
        "labels": np.diff(_reference(view)[1], prepend=0).astype(float),
        "boundaries": view.total(truth.owner),
    }
    if not view.alignment.gridded:
        sums["frame_f1"] = boundaries.frame_f1(view.frames, view.scored)
    sums["scored"] = (sums["tokens"] > 0).astype(float)
    if not view.alignment.gridded:
        sums |= _boundary_counts(view, view.alignment.unit, "unit_boundary")
    yield from ((name + suffix, values) for name, values in sums.items())


def _boundary_counts(view: Block, value: Ints, name: str) -> dict[str, Floats]:
    truth = boundaries.gold(view.alignment, view.scored)
    guess = boundaries.changes(view.alignment, value, view.scored)
    hits = boundaries.hits(truth, guess, view.tolerance)
    return {f"{name}_hits": view.total(truth.owner, hits), f"{name}_guesses": view.total(guess.owner)}


def _edits(view: Block, mapped: Ints) -> Floats:
    """Return substitutions, deletions and insertions (3, U) of the mapped tokens against the labels."""
    index = np.flatnonzero(view.scored[view.alignment.label])
    joined = np.diff(index, prepend=-1) == 1
    guess = edits.collapse(view.alignment.owner[index], mapped[index], joined, len(view.alignment.utterances))
    return edits.edit_counts(*guess, *_reference(view)).T.astype(float)


def _reference(view: Block) -> tuple[Ints, Ints]:
    """Return the scored labels with repeats collapsed, and where those of each utterance end (U,)."""
    s = view.alignment.segments
    keep = view.scored[s.label] & (s.start < view.alignment.end[s.owner])
    touching = np.append(True, s.start[1:] <= s.end[:-1] + boundaries.slack)
    joined = touching[keep] & (np.diff(np.flatnonzero(keep), prepend=-1) == 1)
    return edits.collapse(s.owner[keep], s.label[keep], joined, len(view.alignment.utterances))
