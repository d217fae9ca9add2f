"""Probes of the labels: classifiers trained on every stage of a run, scored on its test split."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.probes.accuracy import Plan, accuracies, train
from unitdisc.probes.examples import Part, draw, label_targets, labelled
from unitdisc.records import Score
from unitdisc.units.representations import Representations


def score_probes(
    splits: Mapping[str, Representations],
    labels: pd.DataFrame,
    plan: Plan,
) -> list[Score]:
    """Return the accuracy of a linear and a two-layer probe on every stage, as probe_linear_codes and so on.

    ``splits`` has train, test and, optionally, dev; without labels on dev, a tenth of the training utterances replace
    it. ``labels`` has the columns utterance, start, end, label; rows without a label, or with one to exclude, are
    left out. n is the number of rows of test; the interval is a percentile bootstrap over its utterances. Without
    labels on train or test there are no scores.
    """
    counted = counted_labels(labels, plan.exclude)
    vocabulary = pd.Index(sorted(counted["label"].unique()), dtype="str")
    whole, stop = splits["train"], splits.get("dev", splits["train"])
    names = labelled(whole, counted)
    held_out = labelled(stop, counted) if stop is not whole else []
    if not held_out:
        stop, count = whole, -(-len(names) // 10)
        held_out = [names[index] for index in sorted(np.random.default_rng(plan.seed).permutation(len(names))[:count])]
        names = [name for name in names if name not in set(held_out)]
    tested = labelled(splits["test"], counted) if "test" in splits else []
    if not names or not tested:
        return []

    def part(of: Representations, utterances: list[str]) -> Part:
        return Part(of, utterances, label_targets(of, utterances, counted, vocabulary))

    trained = train(
        part(whole, draw(whole, names, plan.settings.frames, plan.seed)),
        part(stop, draw(stop, held_out, -(-plan.settings.frames // 5), plan.seed)),
        classes=len(vocabulary),
        plan=plan,
    )
    return list(accuracies(trained, part(splits["test"], tested), metrics.probes, plan)) if trained else []


def counted_labels(labels: pd.DataFrame, exclude: Collection[str]) -> pd.DataFrame:
    """Return the labels that count, in order of utterances and time."""
    return labels[~labels["label"].isin(list(exclude))].sort_values(["utterance", "start"])
