"""Training of the vector-quantised model, from matrices and labels, in one process or several."""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import unitdisc
from unitdisc import registry
from unitdisc.arrays import Ints
from unitdisc.config import VQModel
from unitdisc.devices import device_of
from unitdisc.errors import InputError
from unitdisc.features.augmentation.augmenter import Augmenter
from unitdisc.features.normalise import Normalised
from unitdisc.formats.label_index import LabelIndex
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.model import Model
from unitdisc.models.parts import Encoder
from unitdisc.training import kept_clusters, loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.cluster_targets import TokenVectors, cluster_targets, of_features, of_layer
from unitdisc.training.targets import frame_labels
from unitdisc.training.task import Learnt, Task
from unitdisc.training.trainer import Trainer

log = logging.getLogger(__name__)


def train(task: Task) -> Learnt | None:
    """Train the model; None in all processes but the first. Raises InputError for labels that cannot be learnt."""
    settings: VQModel = task.settings
    vocabulary = vocabulary_of(task.labels, list(task.train), task.ignore) if settings.learns_labels else ()
    initial = None if settings.initial is None else _built_on(task, settings.initial)
    dev = task.dev()
    speaker_index = {name: index for index, name in enumerate(task.speakers)}
    with processes.joined(settings.training.processes, settings.training.device):
        learnt, held_out = _targets(task, dev, vocabulary)
        known = Utterances(task.train, {name: speaker_index[task.speaker[name]] for name in task.train}, learnt)
        unseen = None if dev is None or held_out == {} else Utterances(dev, {}, held_out)
        digest = _digest(task, learnt)
        curve = _of_curve(task, dev)
        model = _learn(task, known, unseen, len(vocabulary), initial=initial, digest=digest, curve=curve)
        return None if processes.rank() else Learnt(model, vocabulary)


def _learn(
    task: Task,
    train: Utterances,
    dev: Utterances | None,
    labels: int,
    *,
    initial: Model | None,
    digest: str,
    curve: Mapping[str, Normalised],
) -> Model:
    settings: VQModel = task.settings
    # The trainer is local to this function: it must not outlive the group of processes (see processes.joined).
    trainer = _trainer(task, train, dev, labels, curve)
    tokens = sum(-(-train.matrices.frames(name) // trainer.state.model.stride) for name in train.matrices)
    codewords = settings.bottleneck.codewords if settings.bottleneck else 0
    if tokens < codewords and not processes.rank():
        log.warning(
            "notice: train has %d tokens for %d codewords: most stay unused, and re-estimation lacks vectors",
            tokens,
            codewords,
        )
    if initial is not None:
        trainer.state.start_from(initial)
    return loop.train(trainer, task.run, digest=digest)


def _trainer(
    task: Task, train: Utterances, dev: Utterances | None, labels: int, curve: Mapping[str, Normalised]
) -> Trainer:
    """Return what trains the model; raises InputError for a model that does not fit the features."""
    device, seed, grid = device_of(task.settings.training.device, "training.device"), task.seed, task.features.grid
    sized = partial(Trainer, inputs=task.inputs, labels=labels, grid=grid, curve=curve)
    try:
        return sized(task.settings, train, dev, seed=seed, device=device, augment=_augmenter(task))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"the model does not fit the features: {error}") from None


def _of_curve(task: Task, dev: Normalised | None) -> dict[str, Normalised]:
    """Return the splits of the curve that there are."""
    plan = task.settings.training.curve
    found = {} if plan is None else {"dev": dev, "test": task.test() if "test" in plan.splits else None}
    return {split: matrices for split, matrices in found.items() if matrices is not None and split in plan.splits}


def _augmenter(task: Task) -> Augmenter | None:
    plan = task.settings.augmentation
    if plan is None:
        return None
    augmenter: Augmenter = registry.augmentations.load(plan.kind)(plan, task.features, task.train)
    return augmenter


def _built_on(task: Task, name: str) -> Model:
    """Return a model that the settings name; raises InputError where it is not trained, or has other inputs."""
    run = task.built_on[name]
    trained = store.load(run)
    if trained.inputs != task.inputs or not isinstance(trained.model, Model):
        raise InputError(f"is for features of {trained.inputs} columns, and these have {task.inputs}", run.description)
    return trained.model


def vocabulary_of(labels: LabelIndex | None, train: Sequence[str], ignore: Collection[str]) -> tuple[str, ...]:
    """Return the labels of the utterances of train, sorted, without ``ignore``; raises InputError if there are none."""
    parts = [] if labels is None else labels.parts(train)
    known = {label for _, part in parts for label in part["label"].unique()} - set(ignore)
    if not known:
        raise InputError("objective ctc learns labels, and the corpus has none on train")
    return tuple(sorted(known))


Targets = dict[str, Ints] | None


def _targets(task: Task, dev: Normalised | None, vocabulary: Sequence[str]) -> tuple[Targets, Targets]:
    """Return what the frames of train and of dev should be recognised as: labels, clusters, or nothing."""
    settings: VQModel = task.settings
    if settings.predicts_clusters:
        return _clusters(task, dev)
    train, held_out = (_labels(task, part, vocabulary) for part in (task.train, dev))
    return train, held_out


def _clusters(task: Task, dev: Normalised | None) -> tuple[Targets, Targets]:
    """Return the clusters of all frames: as kept by this training or by the one that it goes on from, or found now.

    Of several processes, the first finds and keeps them, and the others wait.
    """
    settings: VQModel = task.settings
    plan: Any = settings.objective
    space = _space(task)
    teacher = None if plan.teacher is None else task.built_on[plan.teacher].weights
    parts = (task.features.model_dump(mode="json"), plan.clustering, space.stride, task.seed, task.code)
    digest = kept_clusters.digest_of(task.train, dev, teacher, *parts)
    before = [] if settings.initial is None else [task.built_on[settings.initial]]
    while True:
        for run in (task.run, *before):
            found = kept_clusters.kept(run.clusters, digest, task.train, dev)
            if found is not None:
                return found
        if not processes.rank():
            clusters = cluster_targets(plan, space, task.train, dev, seed=task.seed)
            kept_clusters.keep(task.run.clusters, digest, *clusters)
            return clusters
        time.sleep(1)


def _space(task: Task) -> TokenVectors:
    """Return the vectors that are clustered; raises InputError for a teacher with another stride than the model's."""
    settings: VQModel = task.settings
    plan: Any = settings.objective
    stride = _stride(settings, Sizes(task.inputs, grid=task.features.grid))
    if plan.teacher is None:
        return of_features(plan.context, stride, task.inputs)
    space = of_layer(_built_on(task, plan.teacher), plan.layer, device_of(settings.training.device, "training.device"))
    if space.stride != stride:
        raise InputError(f"the teacher has {space.stride} frames per token, and the model {stride}")
    return space


def _stride(settings: VQModel, sizes: Sizes) -> int:
    """Return the frames per token of the model's encoder."""
    try:
        encoder: Encoder = registry.encoders.load(settings.encoder.kind)(sizes, settings.encoder)
    except ValueError as error:
        raise InputError(f"the model does not fit the features: {error}") from None
    return encoder.stride


def _labels(task: Task, matrices: Normalised | None, vocabulary: Sequence[str]) -> Targets:
    if task.labels is None or matrices is None or not vocabulary:
        return None
    if not any(name in task.labels for name in matrices):
        return {}
    found: dict[str, Ints] = {}
    for names, labels in task.labels.parts(list(matrices)):
        frames = {name: matrices.frames(name) for name in names}
        found |= frame_labels(labels, frames, shift=task.features.shift, vocabulary=vocabulary)
    return found


def _digest(task: Task, targets: Mapping[str, Ints] | None) -> str:
    """Return a digest of a training: settings, code, seed, frames (by their index), targets, and initial weights."""
    content = hashlib.sha256(task.index.read_bytes())
    for name, labels in (targets or {}).items():
        content.update(name.encode() + labels.tobytes())
    if task.settings.initial is not None:
        content.update(task.built_on[task.settings.initial].weights.read_bytes())
    settings = task.settings.model_dump(mode="json", exclude={"training": {"save_minutes"}})  # which changes no result
    features = task.features.model_dump(mode="json")
    parts = [unitdisc.__version__, settings, features, task.seed, task.code, content.hexdigest()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
