"""The probe step: classifiers of the labels at every stage of a run."""

import torch

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.config import Probes
from unitdisc.probes.score import score_probes
from unitdisc.records import Score
from unitdisc.steps.run import Run
from unitdisc.units.representations import Representations


def run(run: Run, *, threads: int = 1) -> None:
    """Train classifiers on train, stop them early by dev, score them on test; no scores without labels on both."""
    labels = run.labels
    counted = set(labels.loc[~labels["label"].isin(run.settings.exclude), "utterance"])
    labelled = {utterance.split for name, utterance in run.utterances.items() if name in counted}
    scores = _scores(run, threads) if {"train", "test"} <= labelled else []
    with sealing(run.files.probes):
        tables.write(run.files.probes, scores, Score)


def _scores(run: Run, threads: int) -> list[Score]:
    torch.set_num_threads(threads)
    scoring = run.experiment.scoring
    return score_probes(
        {split: Representations(run.trained, run.features(split), run.speakers) for split in run.splits},
        run.labels,
        exclude=run.settings.exclude,
        settings=scoring.probes or Probes(),
        seed=run.seed,
        bootstrap=scoring.bootstrap,
        confidence_seed=scoring.confidence_seed,
    )
