"""The training step: from the archives of train and dev to a model in its folder, whichever kind it is."""

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unitdisc import tables
from unitdisc.codebook import kmeans
from unitdisc.config import KMeansModel
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised, Statistics, statistics
from unitdisc.models import store
from unitdisc.models.kmeans import KMeans
from unitdisc.training import loop
from unitdisc.training.loop import Epoch

log = logging.getLogger(__name__)


def fit(
    settings: Any,
    features: Any,
    archives: Mapping[str, Path],
    utterances: Sequence[tables.Utterance],
    folder: Path,
    *,
    seed: int,
) -> None:
    """Train a model on ``archives`` (split → scp; train, and dev where there is one) into ``folder``.

    Writes model.safetensors, model.json and training.tsv. Raises InputError for features that cannot be trained on.
    """
    train = Archive(archives["train"])
    inputs = train.dim
    speaker = {utterance.utterance: utterance.speaker for utterance in utterances}
    shared = statistics(train[name] for name in train) if features.normalise == "global" else None
    normalised = normalise(train, features, shared, speaker)
    names = tuple(sorted({speaker[name] for name in train}))
    if isinstance(settings, KMeansModel):
        model: store.Encoder = _cluster(settings, normalised, folder, inputs=inputs, seed=seed)
    else:
        number = {name: place for place, name in enumerate(names)}
        dev = normalise(Archive(archives["dev"]), features, shared, speaker) if "dev" in archives else None
        data = loop.Data(normalised, dev, {name: number[speaker[name]] for name in train})
        device = store.device_of(settings.training.device)
        digest = _digest(settings, features, train, seed)
        model = loop.train(settings, data, folder, inputs=inputs, seed=seed, device=device, digest=digest)
    store.save(folder, store.Trained(model, settings, features, inputs, names, shared, seed))
    loop.finish(folder)


def normalise(archive: Archive, features: Any, shared: Statistics | None, speaker: Mapping[str, str]) -> Normalised:
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
        reconstruction=inertia / vectors.shape[1],
        bottleneck_loss=inertia,
        dev_reconstruction=float("nan"),
        units_used=used,
        perplexity=float(torch.special.entr(counts / counts.sum()).sum().exp()),
        dead_codewords=settings.codewords - used,
        distance=inertia,
        input_norm=float(vectors.norm(dim=1).mean()),
        codeword_norm=float(centres.norm(dim=1).mean()),
        reestimations=0,
        collapsed=0,
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


def _digest(settings: Any, features: Any, archive: Archive, seed: int) -> str:
    """Digest what a resume file belongs to: the configuration, the seed, and which frames there are."""
    content = hashlib.sha256(archive.path.read_bytes()).hexdigest()
    parts = [settings.model_dump(mode="json"), features.model_dump(mode="json"), seed, content]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
