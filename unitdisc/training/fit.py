"""The training step: from the archives of train and dev to a model in its folder, whichever kind it is."""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

import unitdisc
from unitdisc import tables
from unitdisc.codebook import kmeans
from unitdisc.config import AnyFeatures, AnyModel, KMeansModel, VQModel, seconds_or_columns
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised, Statistics, statistics
from unitdisc.models import store
from unitdisc.models.kmeans import KMeans
from unitdisc.models.model import Model
from unitdisc.training import loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.record import Epoch
from unitdisc.training.targets import frame_labels

log = logging.getLogger(__name__)


def fit(
    settings: AnyModel,
    features: AnyFeatures,
    archives: Mapping[str, Path],
    utterances: Sequence[tables.Utterance],
    folder: Path,
    *,
    seed: int,
    labels: pd.DataFrame | None = None,
    never: Collection[str] = (),
) -> None:
    """Train a model on ``archives`` (split → scp; train, and dev where there is one) into ``folder``.

    ``labels`` (columns utterance, start, end, label) are read by a model that recognises them. It learns those that
    train has, but for those of ``never``; a chunk with another one, or of an utterance without any, counts in no CTC
    loss. Writes model.safetensors, model.json and training.tsv. Raises InputError for features or labels that cannot
    be trained on.
    """
    train = Archive(archives["train"])
    inputs = train.dim
    speaker = {utterance.utterance: utterance.speaker for utterance in utterances}
    shared = statistics(train[name] for name in train) if features.normalise == "global" else None
    normalised = _normalise(train, features, shared, speaker)
    names = tuple(sorted({speaker[name] for name in train}))
    vocabulary: tuple[str, ...] = ()
    if isinstance(settings, KMeansModel):
        model: store.Encoder = _cluster(settings, normalised, folder, inputs=inputs, seed=seed)
    else:
        vocabulary = _vocabulary(labels, train, never) if settings.recognises else ()
        number = {name: place for place, name in enumerate(names)}
        dev = _normalise(Archive(archives["dev"]), features, shared, speaker) if "dev" in archives else None
        learnt, held_out = (_targets(labels, part, features, vocabulary) for part in (normalised, dev))
        known = Utterances(normalised, {name: number[speaker[name]] for name in train}, learnt)
        unseen = None if dev is None or held_out == {} else Utterances(dev, {}, held_out)
        with processes.joined(settings.training.processes, settings.training.device):
            digest = _digest(settings, features, train, seed, learnt)
            model = _learn(
                settings, known, unseen, folder, inputs=inputs, labels=len(vocabulary), seed=seed, digest=digest
            )
            if processes.rank():
                return
    store.save(folder, store.Trained(model, settings, features, inputs, names, shared, seed, vocabulary))
    loop.finish(folder)


def _learn(
    settings: VQModel,
    train: Utterances,
    dev: Utterances | None,
    folder: Path,
    *,
    inputs: int,
    labels: int,
    seed: int,
    digest: str,
) -> Model:
    # The trainer lives here alone: it must be gone when the processes part (see processes.joined).
    device = store.device_of(settings.training.device)
    try:
        trainer = loop.Trainer(settings, train, dev, inputs=inputs, labels=labels, seed=seed, device=device)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"the model does not fit the features: {error}") from None
    return loop.train(trainer, folder, digest=digest)


def _vocabulary(labels: pd.DataFrame | None, train: Archive, never: Collection[str]) -> tuple[str, ...]:
    mine = set() if labels is None else set(labels.loc[labels["utterance"].isin(list(train)), "label"]) - set(never)
    if not mine:
        raise InputError("objective ctc learns labels, and the corpus has none on train")
    return tuple(sorted(mine))


def _targets(
    labels: pd.DataFrame | None, matrices: Normalised | None, features: AnyFeatures, vocabulary: Sequence[str]
) -> dict[str, NDArray[np.int64]] | None:
    if labels is None or matrices is None or not vocabulary:
        return None
    if not labels["utterance"].isin(list(matrices)).any():
        return {}
    frames = {name: matrices.frames(name) for name in matrices}
    return frame_labels(labels, frames, shift=seconds_or_columns(features), vocabulary=vocabulary)


def _normalise(
    archive: Archive, features: AnyFeatures, shared: Statistics | None, speaker: Mapping[str, str]
) -> Normalised:
    """Return the matrices of an archive normalised as the features' settings say."""
    return Normalised(archive, shared=shared, by_speaker=speaker if features.normalise == "speaker" else None)


def _cluster(settings: KMeansModel, matrices: Normalised, folder: Path, *, inputs: int, seed: int) -> KMeans:
    start = time.perf_counter()
    model = KMeans(inputs, settings)
    vectors = _vectors(model, matrices, most=settings.frames, seed=seed)
    if len(vectors) < settings.codewords:
        raise InputError(f"{len(vectors)} training tokens cannot be clustered into {settings.codewords} units")
    centres, units, inertia = kmeans(vectors, settings.codewords, seed=seed, iterations=settings.iterations)
    model.codebook.copy_(centres)
    counts = units.bincount(minlength=settings.codewords).double()
    used = int((counts > 0).sum())
    row = Epoch(
        epoch=1,
        step=settings.iterations,
        loss=inertia,
        task_loss=inertia / vectors.shape[1],
        bottleneck_loss=inertia,
        dev_task_loss=float("nan"),
        dev_task_loss_raw=float("nan"),
        units_used=used,
        perplexity=float(torch.special.entr(counts / counts.sum()).sum().exp()),
        dead_codewords=settings.codewords - used,
        distance=inertia,
        input_norm=float(vectors.norm(dim=1).mean()),
        codeword_norm=float(centres.norm(dim=1).mean()),
        reestimations=0,
        collapsed=0,
        skipped_steps=0,
        learning_rate=0.0,
        frames_per_second=round(len(vectors) * settings.iterations / (time.perf_counter() - start), 1),
    )
    tables.write(folder / "training.tsv", [row], Epoch)
    log.info("k-means of %d vectors: inertia %.4f, %d/%d units used", len(vectors), inertia, used, settings.codewords)
    return model


def _vectors(model: KMeans, matrices: Normalised, *, most: int, seed: int) -> torch.Tensor:
    """Return what is clustered (N, width): at most so many of all tokens, drawn by the seed, and no others held."""
    tokens = np.array([-(-matrices.frames(name) // model.stride) for name in matrices])
    drawn = np.arange(tokens.sum())
    if len(drawn) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(len(drawn), most, replace=False))
    ends = np.cumsum(tokens)
    places = np.split(drawn, np.searchsorted(drawn, ends[:-1]))
    parts = [
        model.vectors(torch.tensor(matrices[name]))[torch.from_numpy(place - first)]
        for name, place, first in zip(matrices, places, ends - tokens, strict=True)
        if len(place)
    ]
    return torch.cat(parts)


def _digest(
    settings: AnyModel,
    features: AnyFeatures,
    archive: Archive,
    seed: int,
    targets: Mapping[str, NDArray[np.int64]] | None,
) -> str:
    """Digest what a resume file belongs to: configuration, seed, which frames there are, and what is said in them."""
    content = hashlib.sha256(archive.path.read_bytes())
    for name, labels in (targets or {}).items():
        content.update(name.encode() + labels.tobytes())
    plans = [part.model_dump(mode="json") for part in (settings, features)]
    parts = [unitdisc.__version__, *plans, seed, content.hexdigest()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
