"""Training of a model of any kind, from the archives of train and dev to the model in its folder."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

import unitdisc
from unitdisc.arrays import Ints
from unitdisc.config import FeatureSettings, KMeansModel, ModelSettings, VQModel
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised, Statistics, statistics
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.model import Model
from unitdisc.models.unit_model import UnitModel
from unitdisc.records import Utterance
from unitdisc.training import loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.clustering import cluster
from unitdisc.training.targets import frame_labels
from unitdisc.training.trainer import Trainer


def fit(
    settings: ModelSettings,
    features: FeatureSettings,
    archives: Mapping[str, Path],
    utterances: Sequence[Utterance],
    run: RunFolder,
    *,
    seed: int,
    labels: pd.DataFrame | None = None,
    ignore: Collection[str] = (),
    code: str = "",
) -> None:
    """Train a model on ``archives`` (split → index; train, and dev where there is one) into the folder of ``run``.

    ``labels`` (columns utterance, start, end, label) are used by models that learn labels: those of train, except those
    of ``ignore``. A chunk with another label, or of an utterance without labels, counts in no loss. Writes weights,
    description and training.tsv. ``code`` is a digest of the code; a resume file must have the same. Raises InputError
    for features or labels that cannot be trained on.
    """
    train = Archive(archives["train"])
    inputs = train.dim
    speaker = {utterance.utterance: utterance.speaker for utterance in utterances}
    shared = statistics(train[name] for name in train) if features.normalise == "global" else None
    normalised = _normalise(train, features, shared, speaker)
    names = tuple(sorted({speaker[name] for name in train}))
    vocabulary: tuple[str, ...] = ()
    if isinstance(settings, VQModel):
        vocabulary = vocabulary_of(labels, train, ignore) if settings.learns_labels else ()
        speaker_index = {name: index for index, name in enumerate(names)}
        dev = _normalise(Archive(archives["dev"]), features, shared, speaker) if "dev" in archives else None
        learnt, held_out = (_targets(labels, part, features, vocabulary) for part in (normalised, dev))
        known = Utterances(normalised, {name: speaker_index[speaker[name]] for name in train}, learnt)
        unseen = None if dev is None or held_out == {} else Utterances(dev, {}, held_out)
        with processes.joined(settings.training.processes, settings.training.device):
            digest = _digest(settings, features, train, seed, learnt, code)
            sizes = {"inputs": inputs, "labels": len(vocabulary)}
            model: UnitModel = _learn(settings, known, unseen, run, sizes, seed=seed, digest=digest)
            if processes.rank():
                return
    elif isinstance(settings, KMeansModel):
        model = cluster(settings, normalised, run, inputs=inputs, seed=seed)
    else:
        raise InputError(f"there is no training of models of kind {settings.kind!r}")
    store.save(run, store.Trained(model, settings, features, inputs, names, shared, seed, vocabulary))
    loop.finish(run)


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


def _normalise(
    archive: Archive, features: FeatureSettings, shared: Statistics | None, speaker: Mapping[str, str]
) -> Normalised:
    """Return the matrices of an archive, normalised according to the settings of the features."""
    return Normalised(archive, shared=shared, by_speaker=speaker if features.normalise == "speaker" else None)


def _digest(
    settings: VQModel,
    features: FeatureSettings,
    archive: Archive,
    seed: int,
    targets: Mapping[str, Ints] | None,
    code: str,
) -> str:
    """Return a digest of a training: its settings, code, seed, frames (by their index) and labels."""
    content = hashlib.sha256(archive.path.read_bytes())
    for name, labels in (targets or {}).items():
        content.update(name.encode() + labels.tobytes())
    plans = [part.model_dump(mode="json") for part in (settings, features)]
    parts = [unitdisc.__version__, *plans, seed, code, content.hexdigest()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
