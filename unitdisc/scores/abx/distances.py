"""Features prepared for a distance, so that the compiled kernels only compute sums."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats
from unitdisc.choices import Distance
from unitdisc.errors import InputError
from unitdisc.scores.abx import dtw

kernels: dict[Distance, int] = {
    "angular": dtw.ANGULAR,
    "cosine": dtw.ANGULAR,  # the field's other name for it
    "euclidean": dtw.EUCLIDEAN,
    "kl_symmetric": dtw.KL_SYMMETRIC,
    "identical": dtw.IDENTICAL,
    "levenshtein": dtw.LEVENSHTEIN,
}
lanes = 16  # columns are padded with zeros to a multiple of it
floor = 1e-6  # added to a probability before its logarithm is taken
null = 2.0  # a null vector has this in a further column, where others have 0: farther than the opposite direction
largest = 1 << 53  # whole numbers up to it are exact in float64


def prepare(features: NDArray[Any], distance: Distance) -> Floats:
    """Return the rows of ``features`` (T, D), or units (T,), as the kernels of ``distance`` need them, (T, D′).

    Raises InputError for features that are not finite numbers or do not suit the distance: identical and levenshtein
    compare one unit per frame, kl_symmetric probabilities, the others vectors.
    """
    matrix = np.asarray(features)
    if matrix.ndim not in (1, 2) or matrix.dtype.kind not in "fiub":
        raise InputError(f"has {matrix.dtype} of shape {matrix.shape} where frames are rows of numbers")
    if not np.isfinite(matrix).all():
        frame = int(np.argmin(np.isfinite(matrix.reshape(len(matrix), -1)).all(axis=1)))
        raise InputError(f"has nan or infinity in frame {frame}")
    if distance in ("identical", "levenshtein"):
        return _units(matrix, distance)
    if matrix.ndim == 1:
        raise InputError(f"has one unit per frame, not a vector as {distance} compares", fix="use --distance identical")
    wide = matrix.astype(np.float64)
    if distance == "euclidean":
        return _fill(wide)
    return _distributions(wide) if distance == "kl_symmetric" else _directions(wide)


def _units(matrix: NDArray[Any], distance: Distance) -> Floats:
    if matrix.ndim == 2 and matrix.shape[1] != 1:
        raise InputError(f"has {matrix.shape[1]} columns where {distance} compares one unit per frame")
    if matrix.size and np.abs(matrix).max() > largest:
        raise InputError(f"has a unit above {largest}")
    return matrix.reshape(-1, 1).astype(np.float64)


def _directions(wide: NDArray[np.float64]) -> Floats:
    wide = wide / np.maximum(np.abs(wide).max(axis=1, keepdims=True, initial=0), np.finfo(float).tiny)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    return _fill(np.hstack([wide / np.where(norms == 0, 1, norms), np.where(norms == 0, null, 0.0)]))


def _distributions(wide: NDArray[np.float64]) -> Floats:
    bad = (wide < 0).any(axis=1) | (np.abs(wide.sum(axis=1) - 1) > 1e-2)
    if bad.any():
        raise InputError(f"has no probabilities in frame {int(np.argmax(bad))}, which kl_symmetric compares")
    return np.hstack([_fill(wide), _fill(np.log(wide + floor))])


def _fill(wide: NDArray[np.float64]) -> Floats:
    columns = -(-wide.shape[1] // lanes) * lanes
    out = np.zeros((len(wide), columns))
    out[:, : wide.shape[1]] = wide
    return out
