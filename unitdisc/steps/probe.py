"""The probe step: classifiers of the labels, and of the speakers if asked for, at every stage of a run."""

import torch

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.config import Probes
from unitdisc.probes.accuracy import Plan
from unitdisc.probes.score import score_probes
from unitdisc.probes.speakers import score_speakers
from unitdisc.records import Score
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.run import Run
from unitdisc.units.representations import Representations


def run(run: Run, *, threads: int = 1) -> None:
    """Train classifiers on train, stop them early by dev, score them on test.

    Without labels on train and test there are no scores of labels. What is scored of speakers, and where, is chosen by
    ``score_speakers``.
    """
    torch.set_num_threads(threads)
    scores = list(_scores(run))
    with sealing(run.files.probes):
        tables.write(run.files.probes, scores, Score)


def _scores(run: Run) -> list[Score]:
    scoring, settings = run.experiment.scoring, run.experiment.scoring.probes or Probes()
    with indexed_labels(run.corpus_files, {*run.settings.ignore, *run.settings.exclude}) as labels:
        if not labels and not settings.speakers:
            return []
        splits = {split: Representations(run.trained, run.features(split), run.speakers) for split in run.splits}
        plan = Plan(settings, run.seed, scoring.bootstrap, scoring.confidence_seed)
        scores = score_probes(splits, labels, plan)
        return scores + (score_speakers(splits, labels, run.speakers, plan) if settings.speakers else [])
