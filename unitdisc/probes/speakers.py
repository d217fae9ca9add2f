"""Probes of the speakers: how well classifiers of single rows tell who spoke or wrote, at every stage of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Ints
from unitdisc.formats.label_index import LabelIndex
from unitdisc.probes.accuracy import Plan, accuracies, train
from unitdisc.probes.examples import Part, Targets, all_rows, draw, label_targets, labelled, vocabulary_of
from unitdisc.records import Score
from unitdisc.stages import Stage
from unitdisc.units.representations import Representations


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows that are counted: those with a label of ``labels``, or all where it is None."""

    labels: LabelIndex | None

    def utterances(self, whole: Representations) -> list[str]:
        """Return the utterances that have such rows, in the order of the archive."""
        return list(whole.utterances) if self.labels is None else labelled(whole, self.labels)

    def part(self, whole: Representations, utterances: Sequence[str], codes: Mapping[str, int]) -> Part:
        """Return utterances of a split with the code of its speaker for each row; ``codes`` are by utterance."""
        return Part(whole, utterances, partial(self._targets, whole, codes))

    def _targets(self, whole: Representations, codes: Mapping[str, int], utterances: Sequence[str]) -> Targets:
        if self.labels is None:
            rows: Targets = all_rows(whole, utterances)
        else:
            rows = label_targets(whole, utterances, self.labels, vocabulary_of(self.labels))
        return {
            stage: {name: np.where(row >= 0, codes[name], -1) for name, row in by_name.items()}
            for stage, by_name in rows.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Which utterances of which split serve for training, for stopping it and for the score."""

    train: tuple[Representations, list[str]]
    dev: tuple[Representations, list[str]]
    test: tuple[Representations, list[str]]


def score_speakers(
    splits: Mapping[str, Representations],
    labels: LabelIndex,
    speakers: Mapping[str, str],
    plan: Plan,
) -> list[Score]:
    """Return the accuracy of a linear and a two-layer probe of the speaker on every stage, and that of a constant.

    ``splits`` and ``labels`` are as for ``score_probes``: the rows are the same, but all rows where train or test has
    no labels. What counts is each utterance of test (and of dev) whose ``speakers`` are among those of train; where
    there are none, a tenth of the training utterances, of all speakers in turn, on which nothing is trained. There are
    no scores with fewer than two speakers.
    """
    has_labels = all(labelled(splits[split], labels) for split in ("train", "test") if split in splits)
    rows = Rows(labels if has_labels else None)
    chosen = choose({name: (whole, rows.utterances(whole)) for name, whole in splits.items()}, speakers, plan.seed)
    if chosen is None:
        return []
    whole, names = chosen.train
    sampled = draw(whole, names, plan.settings.frames, plan.seed)
    known = sorted({speakers[name] for name in sampled})
    codes = {name: known.index(who) if who in known else -1 for name, who in speakers.items()}
    on = rows.part(whole, sampled, codes)
    stop, held_out = chosen.dev
    dev = rows.part(stop, draw(stop, held_out, -(-plan.settings.frames // 5), plan.seed), codes)
    test = rows.part(*chosen.test, codes)
    trained = train(on, dev, classes=len(known), plan=plan)
    found = list(accuracies(trained, test, metrics.speaker_probes, plan)) if trained else []
    return [*found, *_majority(on, test)] if found else []


def choose(
    splits: Mapping[str, tuple[Representations, list[str]]], speakers: Mapping[str, str], seed: int
) -> Chosen | None:
    """Return which utterances serve for what; None where train or what is left to score has fewer than two speakers."""
    whole, names = splits["train"]
    known = {speakers[name] for name in names}
    spare, tenth = in_turn(names, speakers, seed, but=1), -(-len(names) // 10)
    found: dict[str, tuple[Representations, list[str]]] = {}
    held_out: set[str] = set()
    for split in ("test", "dev"):
        other, candidates = splits.get(split, (whole, []))
        candidates = [name for name in candidates if speakers[name] in known]
        if not candidates:
            other, candidates, spare = whole, spare[:tenth], spare[tenth:]
            held_out.update(candidates)
        found[split] = other, candidates
    kept = [name for name in names if name not in held_out]
    enough = len(known) > 1 and len({speakers[name] for name in found["test"][1]}) > 1 and found["dev"][1]
    return Chosen((whole, kept), found["dev"], found["test"]) if enough else None


def in_turn(names: Sequence[str], speakers: Mapping[str, str], seed: int, *, but: int = 0) -> list[str]:
    """Return utterances in random order: the first of every speaker, then the second...; ``but`` the last of each."""
    left = Counter(speakers[name] for name in names)
    turns: dict[int, list[str]] = {}
    before: Counter[str] = Counter()
    for index in np.random.default_rng(seed).permutation(len(names)):
        who = speakers[names[index]]
        left[who] -= 1
        if left[who] >= but:
            turns.setdefault(before[who], []).append(names[index])
        before[who] += 1
    return [name for turn in sorted(turns) for name in turns[turn]]


def _majority(on: Part, test: Part) -> list[Score]:
    """Return which share of the tokens of test the speaker with most tokens of train has."""
    trained, tested = _tokens(on), _tokens(test)
    most = int(trained.argmax())
    share = tested[most] / tested.sum() if most < len(tested) else 0.0
    return [Score(metrics.speaker_majority.name, float(share), np.nan, np.nan, int(tested.sum()))]


def _tokens(part: Part) -> Ints:
    """Return the number of tokens of each speaker."""
    counts = np.zeros(0, dtype=np.int64)
    for _, targets in part.each_targets():
        for codes in targets[Stage.CODES].values():
            own = np.bincount(codes[codes >= 0], minlength=len(counts))
            own[: len(counts)] += counts
            counts = own
    return counts
