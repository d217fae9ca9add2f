"""The step of bits per dimension, for a model whose decoder states a likelihood."""

from collections.abc import Iterator, Sequence

import torch

from unitdisc import metrics, tables
from unitdisc.arrays import Floats
from unitdisc.checksums import sealing
from unitdisc.errors import InputError
from unitdisc.models.likelihood import likelihoods
from unitdisc.models.model import Model
from unitdisc.records import Likelihood, Score
from unitdisc.scores.bits import frequencies, score_bits, uniform
from unitdisc.steps.run import Run

scored = ("dev", "test")


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1) -> None:
    """Score splits; by default dev and test. Raises InputError for a model that states no likelihood."""
    torch.set_num_threads(threads)
    scoring = run.experiment.scoring
    model = run.trained.model
    if not isinstance(model, Model) or not run.trained.settings.likelihood:
        raise InputError("the model states no likelihood", fix="train it with a decoder that does, such as pixelcnn")
    chosen = run.chosen(splits, of=scored)
    priors = _priors(run, model)
    for split in chosen:
        found = _likelihoods(run, model, split)
        scores = score_bits(found, priors, bootstrap=scoring.bootstrap, seed=scoring.confidence_seed)
        with sealing(run.files.bits(split)):
            tables.write(run.files.bits(split), scores, Score)


def _priors(run: Run, model: Model) -> dict[str, Floats]:
    """Return the priors of the units by the name of their metric: each as likely, and by its share of train."""
    size = model.bottleneck.quantizer.codewords, model.bottleneck.quantizer.codebooks
    of_train = tables.each_unit_sequence(run.units_path("train", "encoded"))
    known = uniform(*size), frequencies(of_train, *size)
    return {metric.name: prior for metric, prior in zip(metrics.likelihood, known, strict=True)}


def _likelihoods(run: Run, model: Model, split: str) -> Iterator[Likelihood]:
    matrices = run.trained.normalised(run.features(split), run.speakers)
    return likelihoods(model, matrices, title=split)
