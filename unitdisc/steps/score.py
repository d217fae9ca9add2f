"""The score step: the units of splits against the labels of the corpus."""

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.records import Score, UnitSequence
from unitdisc.scores.discovery.score import statistics_of, summarise, unknown_labels
from unitdisc.scores.discovery.statistics import UtteranceStatistics
from unitdisc.steps.run import Run, only_labelled

log = logging.getLogger(__name__)


def run(run: Run, splits: Sequence[str] | None = None) -> None:
    """Score splits, by default all of the corpus, with mappings fitted on the split itself and on train."""
    chosen = run.chosen(splits)
    _check_excluded(run)
    units = {name: run.units(name, "encoded") for name in {*chosen, "train"}}
    scoring = run.experiment.scoring
    for split in chosen:
        statistics = run_statistics(run, units, run.labels, split)
        scores = summarise(statistics, samples=scoring.bootstrap, seed=scoring.confidence_seed)
        with sealing(run.files.scores(split)):
            tables.write(run.files.scores(split), scores, Score)


def _check_excluded(run: Run) -> None:
    """Say which labels to exclude do not exist; of the default ones, only those that differ in capitals."""
    if not len(run.labels):
        return
    default = set(type(run.settings).model_fields["exclude"].default)
    unknown = unknown_labels(run.settings.exclude, set(run.labels["label"]))
    unknown = [name for name in unknown if name not in default]
    if unknown:
        log.warning("notice: exclude names labels that %s does not have: %s", run.corpus, ", ".join(unknown))


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
