"""Which tables of scores a run has by the configuration."""

from collections.abc import Iterator
from pathlib import Path

from unitdisc.config import Experiment, ModelSettings
from unitdisc.layout import RunFolder


def score_tables(experiment: Experiment, model: ModelSettings, files: RunFolder, split: str) -> Iterator[Path]:
    """Yield the tables of scores that a split of a run has by the configuration; the workflow waits for these."""
    scoring = experiment.scoring
    yield files.scores(split)
    if model.learns_labels and split != "train":
        yield files.recognition(split)
    if scoring.abx is not None and split in scoring.abx.splits:
        yield files.abx(split)
    if scoring.probes is not None and split == "test":
        yield files.probes
