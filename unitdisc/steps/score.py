"""The score step: the units of splits against the labels of the corpus."""

from collections.abc import Mapping, Sequence

import pandas as pd

from unitdisc import tables
from unitdisc.records import Score, UnitSequence
from unitdisc.scores.discovery.score import statistics_of, summarise
from unitdisc.scores.discovery.statistics import UtteranceStatistics
from unitdisc.steps.run import Run, only_labelled


def run(run: Run, splits: Sequence[str] | None = None) -> None:
    """Score splits, by default all of the corpus, with mappings fitted on the split itself and on train."""
    chosen = run.chosen(splits)
    units = {name: run.units(name, "encoded") for name in {*chosen, "train"}}
    scoring = run.experiment.scoring
    for split in chosen:
        statistics = run_statistics(run, units, run.labels, split)
        scores = summarise(statistics, samples=scoring.bootstrap, seed=scoring.confidence_seed)
        tables.write(run.files.scores(split), scores, Score)


def run_statistics(
    run: Run, units: Mapping[str, Mapping[str, UnitSequence]], labels: pd.DataFrame, split: str
) -> UtteranceStatistics:
    """Return the statistics of ``units[split]``, with held-out mappings fitted on ``units["train"]`` except for train.

    ``labels`` has the columns utterance, start, end, label, without ignored ones.
    """
    mapping = None if split == "train" else (units["train"], only_labelled(labels, units["train"]))
    return statistics_of(
        units[split],
        only_labelled(labels, units[split]),
        exclude=run.settings.exclude,
        mapping=mapping,
        tolerance=run.experiment.scoring.tolerance[run.modality.name],
    )
