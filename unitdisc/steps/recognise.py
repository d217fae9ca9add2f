"""The recognition step: the labels that a model with objective ctc recognises, and their error rate."""

from collections.abc import Sequence

import torch

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.records import Score
from unitdisc.scores.recognition import Recognised, score_recognition
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.run import Run
from unitdisc.units.encode import classes

scored = ("dev", "test")


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1) -> None:
    """Recognise and score splits; by default dev and test."""
    torch.set_num_threads(threads)
    trained, scoring = run.trained, run.experiment.scoring
    with indexed_labels(run.corpus_files) as labels:
        for split in run.chosen(splits, of=scored):
            archive = run.features(split)
            scores, texts = score_recognition(
                {path.utterance: path for path in classes(trained, archive, run.speakers)},
                trained.labels,
                labels.frame(archive),
                exclude=run.settings.exclude,
                ignore=run.settings.ignore,
                bootstrap=scoring.bootstrap,
                seed=scoring.confidence_seed,
            )
            with sealing(run.files.recognised(split), run.files.recognition(split)):
                tables.write(run.files.recognised(split), texts, Recognised)
                tables.write(run.files.recognition(split), scores, Score)
