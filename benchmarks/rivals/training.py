"""The training of a configured model with another quantiser, from its initial network."""

import copy
import hashlib
import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.rivals.recipes import Place, Rival
from unitdisc import registry
from unitdisc.codebook import Bottleneck, VectorQuantizer, kmeans
from unitdisc.config import VQModel
from unitdisc.config.bottleneck import default_capacity
from unitdisc.devices import device_of
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.model import Model
from unitdisc.models.store import Trained
from unitdisc.steps.run import Run
from unitdisc.training import loop
from unitdisc.training.averaging import AveragedModel
from unitdisc.training.batches import Utterances
from unitdisc.training.cluster_targets import cluster_targets, most_vectors, of_features, of_layer
from unitdisc.training.state import optimiser_of
from unitdisc.training.token_vectors import sampled_vectors
from unitdisc.training.trainer import Trainer


class UntrainedError(InputError):
    """A model that another is built on has no results yet."""


@dataclass(frozen=True, slots=True)
class Material:
    """What all trainings of a seed share: the initial network, and train and dev with their targets."""

    run: Run
    initial: Trained
    train: Utterances
    dev: Utterances | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trained model, its number of codes, its training steps, and the seconds of those that quantise."""

    trained: Trained
    codes: int
    steps: int = 0
    seconds_per_step: float | None = None
    dev_loss: float | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What a row says of it."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "trained"}


def check(settings: Any, name: str) -> None:
    """Raise InputError for a model that cannot be compared."""
    if not isinstance(settings, VQModel) or settings.initial is None or settings.learns_labels:
        raise InputError(f"models.{name} is not of kind vq with an initial model and an objective without labels")
    if settings.bottleneck.codebooks > 1:
        raise InputError(f"models.{name} has several codebooks, and a rival has one")
    if settings.bottleneck.exemplars:
        raise InputError(f"models.{name} has exemplars, and a rival has none: leave them out")
    plan = settings.bottleneck.reestimation
    if plan is not None and plan.warmup_epochs >= settings.training.epochs:
        raise InputError(f"models.{name} quantises in none of its {settings.training.epochs} epochs")


def folder_of(run: Run, name: str) -> RunFolder:
    """Return the folder of a model that is built on: of the run's seed, or of the first of the configuration's.

    Raises UntrainedError if neither is there.
    """
    folders = [run.corpus_files.run(name, seed) for seed in (run.seed, *run.experiment.seeds)]
    for folder in folders:
        if folder.weights.exists() and folder.description.exists():
            return folder
    raise UntrainedError(f"{name} is not trained", folders[0].path, fix="snakemake, or unitdisc train --help")


def digest_of(run: Run, settings: VQModel) -> str:
    """Return a digest of settings and of the models that they build on; with it a finished run is known again."""
    content = hashlib.sha256(json.dumps(settings.model_dump(mode="json"), sort_keys=True).encode())
    for name in settings.builds_on:
        content.update(folder_of(run, name).weights.read_bytes())
    return content.hexdigest()[:12]


def prepare(run: Run) -> Material:
    """Read features and initial network, and find the clusters to predict, if the objective predicts clusters."""
    settings: Any = run.experiment.model(run.model)
    initial = store.load(folder_of(run, settings.initial))
    train, dev = (
        initial.normalised(run.features(split), run.speakers) if split in run.splits else None
        for split in ("train", "dev")
    )
    learnt, held_out = None, None
    if settings.predicts_clusters:
        plan = settings.objective
        space = of_features(plan.context, initial.model.stride, initial.inputs)
        if plan.teacher is not None:
            space = of_layer(store.load(folder_of(run, plan.teacher)).model, plan.layer)
        learnt, held_out = cluster_targets(plan, space, train, dev, seed=run.seed)
    index = {name: number for number, name in enumerate(initial.speakers)}
    known = Utterances(train, {name: index[run.speakers[name]] for name in train}, learnt)
    return Material(run, initial, known, None if dev is None else Utterances(dev, {}, held_out))


def adapted(settings: VQModel, rival: Rival, codewords: int) -> VQModel:
    """Return the settings with K codewords; a rival has the warm-up of ours, but no re-estimation and one rate."""
    plan = settings.model_dump(mode="json")
    bottleneck, reestimation = plan["bottleneck"], plan["bottleneck"]["reestimation"]
    if reestimation and reestimation["capacity"] == default_capacity(bottleneck["codewords"]):
        reestimation["capacity"] = None
    bottleneck["codewords"] = codewords
    if rival.make is not None:
        bottleneck["learning_rate_factor"] = 1.0
        if reestimation:
            reestimation |= {"until_epoch": 0, "final": False}
    return VQModel.model_validate(plan)


def train(material: Material, rival: Rival, codewords: int) -> Outcome:
    """Train the model with the quantiser of a rival; raises InputError for a gradient that is not finite."""
    run, initial = material.run, material.initial
    settings = adapted(run.experiment.model(run.model), rival, codewords)
    if not rival.trained:
        return clustered(material, codewords)
    plan, augment = settings.augmentation, None
    if plan is not None:
        augment = registry.augmentations.load(plan.kind)(plan, initial.features, material.train.matrices)
    device = device_of(settings.training.device, "training.device")
    trainer = Trainer(
        settings,
        material.train,
        material.dev,
        inputs=initial.inputs,
        labels=0,
        seed=run.seed,
        device=device,
        augment=augment,
    )
    trainer.state.start_from(initial.model)
    if rival.make is not None:
        torch.manual_seed(run.seed)
        install(trainer, rival.make(place_of(trainer)), batch_norm=rival.batch_norm)
    with tempfile.TemporaryDirectory() as folder:
        model = loop.train(trainer, RunFolder(Path(folder)), digest="")
    trained = replace(initial, model=model.cpu(), settings=settings, seed=run.seed)
    seconds, dev_loss = list(seconds_of(trainer)), trainer.state.rows[-1].dev_task_loss
    return Outcome(
        trained,
        model.bottleneck.quantizer.codewords,
        trainer.state.step,
        sum(seconds) / len(seconds),
        None if math.isnan(dev_loss) else dev_loss,
    )


def place_of(trainer: Trainer) -> Place:
    """Return where a quantiser is put into a model that is to be trained."""
    plan, bottleneck = trainer.settings.training, trainer.settings.bottleneck
    quantised = sum(trainer.quantises(number) for number in range(1, plan.epochs + 1))
    return Place(
        trainer.state.model.bottleneck.dim,
        bottleneck.codewords,
        bottleneck.commitment,
        vectors=plan.batch * -(-plan.chunk // trainer.state.model.stride),
        steps=quantised * len(trainer.batches),
    )


def install(trainer: Trainer, quantiser: nn.Module, *, batch_norm: bool = True) -> None:
    """Put a quantiser in the place of ours, in the averaged model too, before the first step."""
    state = trainer.state
    state.model.bottleneck.quantizer = quantiser.to(trainer.device)
    if not batch_norm:
        fold_batch_norm(state.model.bottleneck)
    if state.average:
        state.average = AveragedModel(state.model, trainer.settings.training.average)
    state.optimiser = optimiser_of(state.model, trainer.settings)


@torch.no_grad()
def fold_batch_norm(bottleneck: Bottleneck) -> None:
    """Remove the batch norm; the projection, where there is one, takes over what it does in evaluation."""
    norm, projection = bottleneck.norm, bottleneck.projection
    if norm is None or not isinstance(projection, nn.Linear):
        return
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    projection.bias += projection.weight @ (norm.bias - norm.running_mean * scale)
    projection.weight *= scale
    bottleneck.norm = None


def seconds_of(trainer: Trainer) -> Iterator[float]:
    """Yield the seconds of a step in each epoch that quantises, re-estimations included."""
    plan = trainer.settings.training
    for row in trainer.state.rows:
        if trainer.quantises(row.epoch):
            yield plan.chunk * plan.batch / row.frames_per_second


def clustered(material: Material, codewords: int) -> Outcome:
    """Return the initial network with the k-means centres of its vectors as codewords."""
    initial = material.initial
    model: Model = copy.deepcopy(initial.model)
    seed = material.run.seed
    vectors = sampled_vectors(model, material.train.matrices, most=most_vectors, seed=seed)
    centres, _, _ = kmeans(vectors, codewords, seed=seed)
    model.bottleneck.quantizer = VectorQuantizer(centres.shape[1], codewords)
    model.bottleneck.quantizer.replace_codewords(centres)
    return Outcome(replace(initial, model=model.eval(), seed=seed), codewords)
