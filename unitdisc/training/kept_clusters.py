"""The clusters that a training predicts, kept in its folder: to find them again can take as long as the training."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import unitdisc
from unitdisc.arrays import Ints
from unitdisc.features.normalise import Normalised
from unitdisc.files import replacing

Clusters = dict[str, Ints]


def digest_of(train: Normalised, dev: Normalised | None, teacher: Path | None, *rest: object) -> str:
    """Return a digest of what clusters depend on: normalised frames, speakers, the teacher's weights, and the rest."""
    content = hashlib.sha256(json.dumps([unitdisc.__version__, *rest]).encode())
    if teacher is not None:
        content.update(teacher.read_bytes())
    for matrices in (train,) if dev is None else (train, dev):
        for name, matrix in matrices.items():
            content.update(json.dumps([name, matrices.speaker(name), *matrix.shape]).encode())
            content.update(np.ascontiguousarray(matrix).tobytes())
        content.update(b"end of a split")
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
    known = _cut(parts[0], train)
    held_out = None if dev is None else _cut(parts[1], dev)
    return None if known is None or (held_out is None and dev is not None) else (known, held_out)


def _joined(clusters: Mapping[str, Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int32), *clusters.values()])


def _cut(joined: Ints, matrices: Normalised) -> Clusters | None:
    """Return the clusters (T,) of each utterance; None if they are not as many as frames."""
    names = list(matrices)
    ends = np.cumsum([matrices.frames(name) for name in names])
    if not names or len(joined) != ends[-1]:
        return None
    return dict(zip(names, np.split(joined, ends[:-1]), strict=True))
