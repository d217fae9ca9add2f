"""The score step: the units of one split of a run against the labels of its corpus."""

from collections.abc import Mapping

import pandas as pd

from unitdisc.config import AnyCorpus, HandwritingFeatures, Scoring
from unitdisc.scores.discovery import score
from unitdisc.tables import Score, UnitSequence


def score_run(
    units: Mapping[str, Mapping[str, UnitSequence]],
    labels: pd.DataFrame,
    split: str,
    corpus: AnyCorpus,
    settings: Scoring,
) -> list[Score]:
    """Score ``units[split]``, with held-out mappings fitted on ``units["train"]`` where that is another split.

    ``labels`` has the columns utterance, start, end, label. Labels that the corpus leaves out are left out, those that
    never count are as if they were not there.
    """
    counted = labels[~labels["label"].isin(corpus.never)]
    mapping = None if split == "train" else (units["train"], _of(counted, units["train"]))
    written = isinstance(corpus.features, HandwritingFeatures)
    return score(
        units[split],
        _of(counted, units[split]),
        exclude=corpus.exclude,
        mapping=mapping,
        tolerance=settings.tolerance["handwriting" if written else "speech"],
        bootstrap=settings.bootstrap,
        seed=settings.confidence_seed,
    )


def _of(labels: pd.DataFrame, units: Mapping[str, UnitSequence]) -> pd.DataFrame:
    return labels[labels["utterance"].isin(list(units))]
