"""Results of a corpus of small images as the workflow leaves them, of models with random weights."""

from pathlib import Path

import torch

from tests.helpers import pixels
from tests.helpers.report_results import evil
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.config.load import check_config
from unitdisc.features import archive
from unitdisc.models import store
from unitdisc.models.kmeans import KMeans
from unitdisc.records import Label, RunScore, UnitSequence, Utterance
from unitdisc.steps import bits, encode, score
from unitdisc.steps.collect import collect_scores
from unitdisc.steps.run import Run

small = {"kind": "image", "channels": 6, "residual_blocks": 1, "residual_channels": 4}
product = {"codewords": 8, "codebooks": 6, "dim": None}  # 262,144 product units: a token has six indices
classes = ("red", evil)
counts = {"train": 12, "dev": 4, "test": 14}


def experiment(results: Path, **changes: object) -> Experiment:
    """Images of 8 × 12 pixels; k-means, one and several codebooks, and a network without a quantiser."""
    height, width = (side * pixels.patch for side in pixels.grid)
    features = {"kind": "images", "height": height, "width": width, "patch": pixels.patch}
    network = {"kind": "vq", "encoder": small | {"outputs": 12}, "decoder": small, "training": {"chunk": 6}}
    values = {
        "results": str(results),
        "corpora": {"pictures": {"kind": "folder", "root": ".", "features": features}},
        "models": {
            "kmeans": {"kind": "kmeans", "codewords": 9},
            "several": network | {"bottleneck": product},
            "single": network | {"bottleneck": {"codewords": 9}},
            "alone": network | {"bottleneck": None},
        },
        "runs": {"pictures": ["kmeans", "several", "single", "alone"]},
        "scoring": {"bootstrap": 2},
        "report": {"utterances": 2},
    }
    return check_config(values | changes)


def write(plan: Experiment) -> Experiment:
    """Write what the steps of an experiment would have written before the report."""
    folder = plan.results / "pictures"
    utterances, labels = [], []
    for seed, (split, count) in enumerate(counts.items()):
        frames = pixels.patches_of(pixels.images(count, seed=seed))
        names = [f"{split}{number:02d}" for number in range(count)]
        archive.write(folder / "features" / f"{split}.ark", zip(names, frames, strict=True))
        for number, name in enumerate(names):
            utterances.append(Utterance(name, split, f"s{number % 3}", name, 6.0))
            labels.append(Label(name, 0.0, 6.0, classes[number % 2]))
    tables.write(folder / "utterances.tsv", utterances, Utterance)
    tables.write(folder / "labels.tsv", labels, Label)
    for model in plan.runs["pictures"]:
        for seed in plan.seeds:
            _run(plan, model, seed)
    tables.write(plan.results / "scores.tsv", collect_scores(plan), RunScore)
    return plan


def _run(plan: Experiment, name: str, seed: int) -> None:
    torch.manual_seed(seed)
    settings, features = plan.models[name], plan.corpora["pictures"].features
    model = store.build(settings, pixels.sizes).eval()
    if isinstance(model, KMeans):
        chosen = pixels.patches_of(pixels.images(9, seed=9))
        model.codebook.copy_(torch.from_numpy(chosen[:, seed % 6]))
    run = Run(plan, "pictures", name, seed)
    run.files.path.mkdir(parents=True)
    store.save(run.files, store.Trained(model, settings, features, pixels.sizes.inputs, (), None, seed))
    if settings.has_units:
        encode.run(run)
        score.run(run)
    if settings.likelihood and settings.has_units:
        bits.run(run)
    for path in run.files.path.glob(".*.crc32"):  # tests edit these results
        path.unlink()


def units(plan: Experiment, model: str, split: str, seed: int = 0) -> dict[str, UnitSequence]:
    """The units of a run on a split."""
    return tables.read_units(plan.results / f"pictures/{model}/seed{seed}/{split}.units.tsv")
