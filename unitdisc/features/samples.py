"""Samples of a recording in memory: checked, as floats, and at the rate that features are computed at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError

Samples = NDArray[np.float32]
most_hertz = 10_000_000


def checked(data: Any, rate: Any) -> tuple[Samples, int]:
    """Return samples (N,), whole numbers scaled by the range of their type, and their rate in Hz.

    Raises InputError without a rate, and for anything but one channel of finite numbers.
    """
    if rate is None:
        raise InputError("samples need their rate in Hz", fix="give it as rate")
    hertz = float(rate) if isinstance(rate, int | float | np.number) and not isinstance(rate, bool) else 0.0
    if not 1 <= hertz <= most_hertz or not hertz.is_integer():
        raise InputError(f"a rate of {rate!r} Hz is no whole number from 1 to {most_hertz:,}")
    samples = np.asarray(data)
    if samples.ndim != 1 or samples.dtype.kind not in "fi":
        shape = " × ".join(map(str, samples.shape))
        raise InputError(f"samples are numbers (N,) of one channel, and not {shape or 'a single'} {samples.dtype}")
    if samples.dtype.kind == "i" and samples.dtype.itemsize > 4:
        raise InputError(f"samples of {samples.dtype} have no range", fix="give int16, int32, or floats from -1 to 1")
    scale = 1.0 if samples.dtype.kind == "f" else -float(np.iinfo(samples.dtype).min)
    with np.errstate(over="ignore"):
        samples = np.asarray(samples / scale, dtype=np.float32)
    if not np.isfinite(samples).all():
        raise InputError("the samples hold numbers that are not finite")
    return samples, int(hertz)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return samples (N,) at ``rate`` Hz as samples at ``wanted`` Hz."""
    if rate == wanted:
        return samples
    import librosa

    return np.asarray(librosa.resample(samples, orig_sr=rate, target_sr=wanted), dtype=np.float32)
