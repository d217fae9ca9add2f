"""Probes of the labels: classifiers trained on every stage of a run, scored on its test split."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from unitdisc import metrics
from unitdisc.formats.label_index import LabelIndex
from unitdisc.probes.accuracy import Plan, accuracies, train
from unitdisc.probes.examples import Part, draw, label_targets, labelled, vocabulary_of
from unitdisc.records import Score
from unitdisc.units.representations import Representations


def score_probes(
    splits: Mapping[str, Representations],
    labels: LabelIndex,
    plan: Plan,
) -> list[Score]:
    """Return the accuracy of a linear and a two-layer probe on every stage, as probe_linear_codes and so on.

    ``splits`` has train, test and, optionally, dev; without labels on dev, a tenth of the training utterances replace
    it. ``labels`` are those that count; rows without one are left out. n is the number of rows of test; the interval is
    a percentile bootstrap over its utterances. Without labels on train or test there are no scores.
    """
    vocabulary = vocabulary_of(labels)
    whole, stop = splits["train"], splits.get("dev", splits["train"])
    names = labelled(whole, labels)
    held_out = labelled(stop, labels) if stop is not whole else []
    if not held_out:
        stop, count = whole, -(-len(names) // 10)
        held_out = [names[index] for index in sorted(np.random.default_rng(plan.seed).permutation(len(names))[:count])]
        stopping = set(held_out)
        names = [name for name in names if name not in stopping]
    tested = labelled(splits["test"], labels) if "test" in splits else []
    if not names or not tested:
        return []

    def part(of: Representations, utterances: Sequence[str]) -> Part:
        return Part(of, utterances, partial(label_targets, of, labels=labels, vocabulary=vocabulary))

    trained = train(
        part(whole, draw(whole, names, plan.settings.frames, plan.seed)),
        part(stop, draw(stop, held_out, -(-plan.settings.frames // 5), plan.seed)),
        classes=len(vocabulary),
        plan=plan,
    )
    return list(accuracies(trained, part(splits["test"], tested), metrics.probes, plan)) if trained else []
