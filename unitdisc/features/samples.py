"""Samples of a recording in memory: checked, as floats, and at the rate that features are computed at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError

Samples = NDArray[np.float32]


def checked(data: Any, rate: int | None) -> tuple[Samples, int]:
    """Return samples (N,), whole numbers scaled by the range of their type, and their rate in Hz.

    Raises InputError without a rate, and for anything but one channel of finite numbers.
    """
    if rate is None or rate <= 0:
        raise InputError("samples need their rate in Hz", fix="give it as rate")
    samples = np.asarray(data)
    if samples.ndim != 1 or samples.dtype.kind not in "fi":
        shape = " × ".join(map(str, samples.shape))
        raise InputError(f"samples are numbers (N,) of one channel, and not {shape or 'a single'} {samples.dtype}")
    scale = 1.0 if samples.dtype.kind == "f" else -float(np.iinfo(samples.dtype).min)
    samples = np.asarray(samples / scale, dtype=np.float32)
    if not np.isfinite(samples).all():
        raise InputError("the samples hold numbers that are not finite")
    return samples, int(rate)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return samples (N,) at ``rate`` Hz as samples at ``wanted`` Hz."""
    if rate == wanted:
        return samples
    import librosa

    return np.asarray(librosa.resample(samples, orig_sr=rate, target_sr=wanted), dtype=np.float32)
