"""The tables of scores of a run, according to the configuration."""

from collections.abc import Iterator
from pathlib import Path

from unitdisc.config import Experiment, FeatureSettings, ModelSettings
from unitdisc.layout import RunFolder
from unitdisc.units.refusals import is_comparable, refusal


def score_tables(
    experiment: Experiment, model: ModelSettings, features: FeatureSettings, files: RunFolder, split: str
) -> Iterator[Path]:
    """Yield the tables of scores of a split of a run, according to the configuration; the workflow requires these."""
    scoring = experiment.scoring
    if model.has_units:
        yield files.scores(split)
    if model.recognises and split != "train":
        yield files.recognition(split)
    if model.likelihood and split != "train":
        yield files.bits(split)
    if scoring.fidelity is not None and split != "train" and model.reconstructs and is_comparable(features):
        yield files.fidelity(split)
    if scoring.abx is not None and split in scoring.abx.splits and refusal("abx", features, 1) is None:
        yield files.abx(split)
    if scoring.probes is not None and split == "test":
        yield files.probes
