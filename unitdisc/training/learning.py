"""Training of the vector-quantised model, from matrices and labels, in one process or several."""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

import unitdisc
from unitdisc.arrays import Ints
from unitdisc.config import FeatureSettings, VQModel
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.model import Model
from unitdisc.training import loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.targets import frame_labels
from unitdisc.training.task import Learnt, Task
from unitdisc.training.trainer import Trainer

log = logging.getLogger(__name__)


def train(task: Task) -> Learnt | None:
    """Train the model; None in all processes but the first. Raises InputError for labels that cannot be learnt."""
    settings: VQModel = task.settings
    vocabulary = vocabulary_of(task.labels, task.train, task.ignore) if settings.learns_labels else ()
    dev = task.dev()
    speaker_index = {name: index for index, name in enumerate(task.speakers)}
    learnt, held_out = (_targets(task.labels, part, task.features, vocabulary) for part in (task.train, dev))
    known = Utterances(task.train, {name: speaker_index[task.speaker[name]] for name in task.train}, learnt)
    unseen = None if dev is None or held_out == {} else Utterances(dev, {}, held_out)
    with processes.joined(settings.training.processes, settings.training.device):
        digest = _digest(settings, task.features, task.index, task.seed, learnt, task.code)
        sizes = {"inputs": task.inputs, "labels": len(vocabulary)}
        model = _learn(settings, known, unseen, task.run, sizes, seed=task.seed, digest=digest)
        return None if processes.rank() else Learnt(model, vocabulary)


def _learn(
    settings: VQModel,
    train: Utterances,
    dev: Utterances | None,
    run: RunFolder,
    sizes: Mapping[str, int],
    *,
    seed: int,
    digest: str,
) -> Model:
    # The trainer is local to this function: it must not outlive the group of processes (see processes.joined).
    device = store.device_of(settings.training.device)
    try:
        trainer = Trainer(settings, train, dev, **sizes, seed=seed, device=device)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"the model does not fit the features: {error}") from None
    tokens = sum(-(-train.matrices.frames(name) // trainer.state.model.stride) for name in train.matrices)
    codewords = settings.bottleneck.codewords
    if tokens < codewords and not processes.rank():
        log.warning(
            "notice: train has %d tokens for %d codewords: most stay unused, and re-estimation lacks vectors",
            tokens,
            codewords,
        )
    return loop.train(trainer, run, digest=digest)


def vocabulary_of(labels: pd.DataFrame | None, train: Collection[str], ignore: Collection[str]) -> tuple[str, ...]:
    """Return the labels of the utterances of train, sorted, without ``ignore``; raises InputError if there are none."""
    known = set() if labels is None else set(labels.loc[labels["utterance"].isin(list(train)), "label"]) - set(ignore)
    if not known:
        raise InputError("objective ctc learns labels, and the corpus has none on train")
    return tuple(sorted(known))


def _targets(
    labels: pd.DataFrame | None, matrices: Normalised | None, features: FeatureSettings, vocabulary: Sequence[str]
) -> dict[str, Ints] | None:
    if labels is None or matrices is None or not vocabulary:
        return None
    if not labels["utterance"].isin(list(matrices)).any():
        return {}
    frames = {name: matrices.frames(name) for name in matrices}
    return frame_labels(labels, frames, shift=features.shift, vocabulary=vocabulary)


def _digest(
    settings: VQModel,
    features: FeatureSettings,
    index: Path,
    seed: int,
    targets: Mapping[str, Ints] | None,
    code: str,
) -> str:
    """Return a digest of a training: its settings, code, seed, frames (by their index) and labels."""
    content = hashlib.sha256(index.read_bytes())
    for name, labels in (targets or {}).items():
        content.update(name.encode() + labels.tobytes())
    plans = [part.model_dump(mode="json") for part in (settings, features)]
    parts = [unitdisc.__version__, *plans, seed, code, content.hexdigest()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
