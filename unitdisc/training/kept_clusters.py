"""The clusters that a training predicts, kept in its folder: to find them again can take as long as the training."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

import unitdisc
from unitdisc.arrays import Ints
from unitdisc.features.normalise import Normalised
from unitdisc.files import replacing

Clusters = dict[str, Ints]


def digest_of(index: Path, dev: Normalised | None, teacher: Path | None, *rest: object) -> str:
    """Return a digest of what clusters depend on: frames (by the index of train), teacher's weights, and the rest."""
    content = hashlib.sha256(index.read_bytes())
    if teacher is not None:
        content.update(teacher.read_bytes())
    frames = {} if dev is None else {name: dev.frames(name) for name in dev}
    content.update(json.dumps([unitdisc.__version__, frames, *rest]).encode())
    return content.hexdigest()


def keep(path: Path, digest: str, train: Clusters, dev: Clusters | None) -> None:
    """Write the clusters of all frames of train and of dev."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, digest=np.array(digest), train=_joined(train), dev=_joined(dev or {}))


def kept(path: Path, digest: str, train: Normalised, dev: Normalised | None) -> tuple[Clusters, Clusters | None] | None:
    """Return clusters that were kept; None if there are none, or not of this ``digest``."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["digest"]) != digest:
                return None
            parts = archive["train"], archive["dev"]
    except Exception:  # whatever a damaged file makes numpy raise: the clusters are found again
        return None
    found = [_cut(part, matrices) for part, matrices in zip(parts, (train, dev), strict=True)]
    return None if found[0] is None else (found[0], found[1])


def _joined(clusters: Mapping[str, Ints]) -> Ints:
    parts = [np.zeros(0, dtype=np.int32), *(part.astype(np.int32) for part in clusters.values())]
    return np.concatenate(parts)


def _cut(joined: Ints, matrices: Normalised | None) -> Clusters | None:
    """Return the clusters (T,) of each utterance."""
    if matrices is None:
        return None
    names: Collection[str] = list(matrices)
    ends = np.cumsum([matrices.frames(name) for name in names])
    return dict(zip(names, np.split(joined.astype(np.int64), ends[:-1]), strict=True))
