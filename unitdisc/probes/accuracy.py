"""Probes at every stage of a run: trained on some utterances, and how often they are right on others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np

from unitdisc.arrays import Floats, Ints
from unitdisc.choices import ProbeKind
from unitdisc.config import Probes
from unitdisc.metric import Metric
from unitdisc.probes.classifier import Probe, correct, fit
from unitdisc.probes.examples import Part
from unitdisc.progress import track
from unitdisc.records import Score
from unitdisc.scores.bootstrap import intervals

Trained = dict[tuple[ProbeKind, str], Probe]


@dataclass(frozen=True, slots=True)
class Plan:
    """How probes are trained and scored: the ``seed`` of the training, and the resamples."""

    settings: Probes
    seed: int
    bootstrap: int
    confidence_seed: int


def train(on: Part, dev: Part, *, classes: int, plan: Plan) -> Trained:
    """Train a linear and a two-layer probe at every stage, and stop each by ``dev``.

    A single one-hot vector leaves nothing for a second layer to find, so single units have the linear one only.
    """
    examples, held_out = on.examples(), dev.examples()
    pairs: list[tuple[ProbeKind, str]] = [(kind, stage) for kind in get_args(ProbeKind) for stage in on.stages]
    return {
        (kind, stage): fit(
            kind, examples[stage], held_out[stage], labels=classes, settings=plan.settings, seed=plan.seed
        )
        for kind, stage in track(pairs, "training probes")
        if len(examples[stage].labels) and len(held_out[stage].labels)
        if kind == "linear" or not examples[stage].single_units
    }


def accuracies(trained: Trained, test: Part, family: Mapping[ProbeKind, Metric], plan: Plan) -> Iterator[Score]:
    """Yield the accuracy of each probe on ``test``, with a bootstrap interval over its utterances."""
    hits = np.zeros((len(test.utterances), len(trained)))  # (U, M)
    rows = np.zeros_like(hits)
    for row, (_, examples) in enumerate(track(test.each(), "scoring probes", total=len(hits))):
        hits[row] = [correct(model, examples[stage]) for (_, stage), model in trained.items()]
        rows[row] = [len(examples[stage].labels) for _, stage in trained]

    def accuracy(times: Ints) -> Floats:
        return np.asarray((times @ hits) / np.maximum(times @ rows, 1))

    values = accuracy(np.ones((1, len(hits)), dtype=np.int64))[0]
    centred = np.zeros(len(trained), dtype=bool)
    low, high = intervals(accuracy, test.utterances, samples=plan.bootstrap, seed=plan.confidence_seed, centred=centred)
    for column, (kind, stage) in enumerate(trained):
        n = int(rows[:, column].sum())
        if n:
            yield Score(family[kind].at(stage), float(values[column]), float(low[column]), float(high[column]), n)
