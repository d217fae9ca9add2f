"""The score step: the units of splits against the labels of the corpus."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.records import Score
from unitdisc.scores.discovery.overview import overview_of
from unitdisc.scores.discovery.score import statistics_of_source, summarise, unknown_labels
from unitdisc.scores.discovery.sources import InFiles
from unitdisc.scores.discovery.statistics import UtteranceStatistics
from unitdisc.steps.corpus_tables import indexed_labels, speakers_of
from unitdisc.steps.run import Run

log = logging.getLogger(__name__)


def run(run: Run, splits: Sequence[str] | None = None) -> None:
    """Score splits, by default all of the corpus, with mappings fitted on the split itself and on train."""
    run.check_units()
    chosen, scoring = run.chosen(splits), run.experiment.scoring
    paths = {split: run.units_path(split, "encoded") for split in ("train", *chosen)}
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        _check_excluded(run, labels.counts)
        speakers = speakers_of(run.corpus_files)
        units = {split: InFiles(path, labels) for split, path in paths.items()}
        statistics = each_statistics(run, units, chosen, speakers)
        for split in chosen:  # nothing may hold the statistics of the split before
            scores = summarise(next(statistics), samples=scoring.bootstrap, seed=scoring.confidence_seed)
            with sealing(run.files.scores(split)):
                tables.write(run.files.scores(split), scores, Score)


def _check_excluded(run: Run, labels: Collection[str]) -> None:
    """Say which labels to exclude do not exist; of the default ones, only those that differ in capitals."""
    if not labels:
        return
    default = set(type(run.settings).model_fields["exclude"].default)
    unknown = unknown_labels(run.settings.exclude, labels)
    unknown = [name for name in unknown if name not in default]
    if unknown:
        log.warning("notice: exclude names labels that %s does not have: %s", run.corpus, ", ".join(unknown))


def each_statistics(
    run: Run,
    units: Mapping[str, InFiles],
    splits: Sequence[str],
    speakers: Mapping[str, str] | None = None,
) -> Iterator[UtteranceStatistics]:
    """Yield the statistics of each split, with held-out mappings fitted on train except for train itself.

    With ``speakers``, by utterance, what units know of them is scored, too; resamples draw utterances all the same.
    """
    train = overview_of(units["train"])
    for split in splits:
        yield statistics_of_source(
            units[split],
            train if split == "train" else overview_of(units[split]),
            fit=None if split == "train" else train,
            exclude=run.settings.exclude,
            tolerance=run.experiment.scoring.tolerance[run.modality.name],
            speakers=speakers,
            drawn="utterances",
        )
