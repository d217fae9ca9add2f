"""The feature step: computes the features of splits, each into a Kaldi archive and its index."""

from collections.abc import Sequence
from pathlib import Path

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.records import Utterance
from unitdisc.steps.corpus_tables import utterances_of
from unitdisc.steps.parts import Part, clear_parts


def run(
    experiment: Experiment,
    corpus: str,
    splits: Sequence[str] | None = None,
    *,
    jobs: int = 1,
    part: Part | None = None,
) -> None:
    """Compute the features of splits, by default all of the corpus, or of one ``part`` of each, in ``jobs`` processes.

    Raises InputError for a split that the corpus does not have.
    """
    settings, files = experiment.corpus(corpus), Results(experiment.results).corpus(corpus)
    rows: dict[str, list[Utterance]] = {split: [] for split in experiment.chosen_splits(corpus, splits)}
    for utterance in utterances_of(files):
        if utterance.split in rows:
            rows[utterance.split].append(utterance)
    wanted: dict[Path, Sequence[Utterance]] = {
        files.archive(split) if part is None else files.part_archive(split, part): (
            utterances if part is None else part.share(utterances)
        )
        for split, utterances in rows.items()
    }
    extractor = registry.features.load(settings.features.kind)(settings.features, allow_pipes=settings.pipes)
    extract(wanted, extractor, jobs=jobs, on_bad=settings.on_bad_utterance, of_part=part is not None)
    if part is None:
        for split in rows:
            clear_parts(files.part_archive(split, "").parent, split)
