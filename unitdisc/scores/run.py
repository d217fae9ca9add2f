"""The score step: the units of one split of a run against the labels of its corpus."""

from collections.abc import Mapping

import pandas as pd

from unitdisc.config import AnyCorpus, HandwritingFeatures, Scoring
from unitdisc.scores.discovery import summarise, tally
from unitdisc.scores.tallies import Tallies
from unitdisc.tables import Score, UnitSequence


def score_run(
    units: Mapping[str, Mapping[str, UnitSequence]],
    labels: pd.DataFrame,
    split: str,
    corpus: AnyCorpus,
    settings: Scoring,
) -> list[Score]:
    """Score ``units[split]`` as ``tally_run`` counts them."""
    tallies = tally_run(units, labels, split, corpus, settings)
    return summarise(tallies, samples=settings.bootstrap, seed=settings.confidence_seed)


def tally_run(
    units: Mapping[str, Mapping[str, UnitSequence]],
    labels: pd.DataFrame,
    split: str,
    corpus: AnyCorpus,
    settings: Scoring,
) -> Tallies:
    """Count ``units[split]``, with held-out mappings fitted on ``units["train"]`` where that is another split.

    ``labels`` has the columns utterance, start, end, label, without those that never count.
    """
    mapping = None if split == "train" else (units["train"], _of(labels, units["train"]))
    written = isinstance(corpus.features, HandwritingFeatures)
    return tally(
        units[split],
        _of(labels, units[split]),
        exclude=corpus.exclude,
        mapping=mapping,
        tolerance=settings.tolerance.handwriting if written else settings.tolerance.speech,
    )


def _of(labels: pd.DataFrame, units: Mapping[str, UnitSequence]) -> pd.DataFrame:
    return labels[labels["utterance"].isin(list(units))]
