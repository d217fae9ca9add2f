"""The error rate of the labels that a model recognised, such as the phone error rate."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.formats.label_table import check
from unitdisc.records import Score, UnitSequence
from unitdisc.scores.bootstrap import intervals
from unitdisc.scores.discovery.alignment import Alignment, align
from unitdisc.scores.discovery.contingency import fractions
from unitdisc.scores.discovery.edits import edit_counts


@dataclass(frozen=True, slots=True)
class Recognised:
    """An utterance's labels, and those that a model recognised, separated by spaces."""

    utterance: str
    labels: str
    recognised: str


def score_recognition(
    paths: Mapping[str, UnitSequence],
    names: Sequence[str],
    labels: pd.DataFrame,
    *,
    exclude: Collection[str] = (),
    ignore: Collection[str] = (),
    bootstrap: int = 1000,
    seed: int = 0,
) -> tuple[list[Score], list[Recognised]]:
    """Score the most likely class of each token, 0 for CTC's blank and y + 1 for label y of ``names``.

    Repeats are collapsed and blanks dropped (Graves et al. 2006), repeats of ``labels`` (columns utterance, start, end,
    label) too, as the model learnt them; ``exclude`` are then dropped on both sides. Utterances are split at labels of
    ``ignore``, and what is recognised there does not count. The rates are substitutions, deletions and insertions of
    the shortest edits over the number of labels, with 95 % intervals by resampling utterances; utterances without
    labels are ignored, and without any labels there are no scores.
    """
    known = labels[labels["utterance"].isin(list(paths))]
    if known.empty:
        return [], []
    checked = check(known)
    vocabulary = pd.Index([*names, *sorted(set(checked["label"]) - set(names))])
    labelled = set(checked["utterance"])
    spoken = {name: path for name, path in paths.items() if name in labelled}
    sides = _Sides(align(spoken, checked, vocabulary), vocabulary, exclude=exclude, ignore=ignore)
    counts = sides.edits()

    def rates(weights: Ints) -> Floats:
        edits, total = (np.asarray(weights @ part, dtype=np.float64) for part in (counts, sides.lengths))
        by_kind = [fractions(edits[:, kind], total) for kind in range(3)]
        return np.stack([fractions(edits.sum(axis=1), total), *by_kind], axis=1)

    values = rates(np.ones((1, len(spoken)), dtype=np.int64))[0]
    low, high = intervals(rates, list(spoken), samples=bootstrap, seed=seed, centred=np.zeros(4, dtype=bool))
    number = int(sides.lengths.sum())
    rows = zip(metrics.recognition, values, low, high, strict=True)
    return [Score(metric.name, float(value), float(a), float(b), number) for metric, value, a, b in rows], sides.texts()


class _Sides:
    """True and recognised labels of all utterances as codes, in stretches between labels of ``ignore``."""

    def __init__(
        self, aligned: Alignment, vocabulary: pd.Index, *, exclude: Collection[str], ignore: Collection[str]
    ) -> None:
        self.utterances, self._vocabulary = aligned.utterances, vocabulary
        ignored, dropped = (np.isin(vocabulary, list(labels)) for labels in (ignore, exclude))
        segments = aligned.segments
        cut = ignored[segments.label]
        self._cuts = segments.start[cut]
        per_utterance = 1 + np.bincount(segments.owner[cut], minlength=len(self.utterances))
        self._owner = np.repeat(np.arange(len(self.utterances)), per_utterance)

        new = np.ones(len(segments.label), dtype=bool)
        new[1:] = (segments.label[1:] != segments.label[:-1]) | (segments.start[1:] != segments.end[:-1])
        keep = new & ~cut & ~dropped[segments.label]
        self._truth = segments.label[keep], self._stretch(segments.owner[keep], segments.start[keep])

        inside = (aligned.label >= 0) & ignored[aligned.label]
        change = np.ones(len(aligned.unit), dtype=bool)
        change[1:] = (aligned.unit[1:] != aligned.unit[:-1]) | (aligned.owner[1:] != aligned.owner[:-1]) | inside[:-1]
        code = aligned.unit - 1
        keep = change & (code >= 0) & ~inside
        keep[keep] &= ~dropped[code[keep]]
        self._guess = code[keep], self._stretch(aligned.owner[keep], aligned.time[keep])
        self.lengths = np.bincount(self._owner[self._truth[1]], minlength=len(self.utterances))

    def edits(self) -> Ints:
        """Return substitutions, deletions and insertions (U, 3)."""
        sides = []
        for codes, stretch in (self._guess, self._truth):
            ends = np.cumsum(np.bincount(stretch, minlength=len(self._owner)))
            sides += [np.ascontiguousarray(codes, dtype=np.int64), ends.astype(np.int64)]
        counts = edit_counts(*sides)
        total = np.zeros((len(self.utterances), 3), dtype=np.int64)
        np.add.at(total, self._owner, counts)
        return total

    def texts(self) -> list[Recognised]:
        """Return both sides as texts."""
        truth, guess = (
            [" ".join(self._vocabulary[codes[self._owner[stretch] == index]]) for index in range(len(self.utterances))]
            for codes, stretch in (self._truth, self._guess)
        )
        return [Recognised(*row) for row in zip(self.utterances, truth, guess, strict=True)]

    def _stretch(self, owner: Ints, time: Ints) -> Ints:
        stretch: Ints = owner + np.searchsorted(self._cuts, time, side="right")
        return stretch
