"""The probe step: classifiers trained on every stage of a run, scored on its test split."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import get_args

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.choices import ProbeKind
from unitdisc.config import Probes
from unitdisc.probes.classifier import Classifier, correct, fit
from unitdisc.probes.examples import Examples, all_examples, by_utterance, draw, labelled, targets
from unitdisc.progress import track
from unitdisc.records import Score
from unitdisc.scores.bootstrap import intervals
from unitdisc.stages import Stage
from unitdisc.units.representations import Representations

Trained = dict[tuple[ProbeKind, Stage], Classifier]


def score_probes(
    splits: Mapping[str, Representations],
    labels: pd.DataFrame,
    *,
    exclude: Collection[str],
    settings: Probes,
    seed: int,
    bootstrap: int,
    confidence_seed: int,
) -> list[Score]:
    """Return the accuracy of a linear and a two-layer probe on every stage, as probe_linear_codes and so on.

    ``splits`` has train, test and, optionally, dev; without labels on dev, a tenth of the training utterances replace
    it. ``labels`` has the columns utterance, start, end, label; rows without a label, or with one of ``exclude``, are
    left out. n is the number of rows of test; the interval is a percentile bootstrap over its utterances. Without
    labels on train or test there are no scores.
    """
    counted = labels[~labels["label"].isin(list(exclude))].sort_values(["utterance", "start"])
    vocabulary = pd.Index(sorted(counted["label"].unique()), dtype="str")
    trained = _train(splits, counted, vocabulary, settings, seed)
    if not trained or "test" not in splits:
        return []
    return list(_score(trained, splits["test"], counted, vocabulary, bootstrap, confidence_seed))


def _train(
    splits: Mapping[str, Representations], labels: pd.DataFrame, vocabulary: pd.Index, settings: Probes, seed: int
) -> Trained:
    whole, stop = splits["train"], splits.get("dev", splits["train"])
    names = labelled(whole, labels)
    held_out = labelled(stop, labels) if stop is not whole else []
    if not held_out:
        stop, count = whole, -(-len(names) // 10)
        held_out = [names[index] for index in sorted(np.random.default_rng(seed).permutation(len(names))[:count])]
        names = [name for name in names if name not in set(held_out)]
    if not names:
        return {}
    train = _examples(whole, draw(whole, names, settings.frames, seed), labels, vocabulary)
    dev = _examples(stop, draw(stop, held_out, -(-settings.frames // 5), seed), labels, vocabulary)
    pairs: list[tuple[ProbeKind, Stage]] = [(kind, stage) for kind in get_args(ProbeKind) for stage in whole.stages]
    return {
        (kind, stage): fit(kind, train[stage], dev[stage], labels=len(vocabulary), settings=settings, seed=seed)
        for kind, stage in track(pairs, "training probes")
        if len(train[stage].labels) and len(dev[stage].labels)
    }


def _examples(
    whole: Representations, utterances: Sequence[str], labels: pd.DataFrame, vocabulary: pd.Index
) -> dict[Stage, Examples]:
    return all_examples(whole, utterances, targets(whole, utterances, labels, vocabulary))


def _score(
    trained: Trained, whole: Representations, labels: pd.DataFrame, vocabulary: pd.Index, samples: int, seed: int
) -> Iterator[Score]:
    names = labelled(whole, labels)
    if not names:
        return
    hits = np.zeros((len(names), len(trained)))  # (U, M)
    rows = np.zeros_like(hits)
    test = by_utterance(whole, names, targets(whole, names, labels, vocabulary))
    for row, (_, examples) in enumerate(track(test, "scoring probes", total=len(names))):
        hits[row] = [correct(model, examples[stage]) for (_, stage), model in trained.items()]
        rows[row] = [len(examples[stage].labels) for _, stage in trained]

    def accuracy(times: Ints) -> Floats:
        return np.asarray((times @ hits) / np.maximum(times @ rows, 1))

    accuracies = accuracy(np.ones((1, len(names)), dtype=np.int64))[0]
    low, high = intervals(accuracy, names, samples=samples, seed=seed, centred=np.zeros(len(trained), dtype=bool))
    for column, (kind, stage) in enumerate(trained):
        n = int(rows[:, column].sum())
        if n:
            name = metrics.probes[kind].at(stage)
            yield Score(name, float(accuracies[column]), float(low[column]), float(high[column]), n)
