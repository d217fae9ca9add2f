"""How far reconstructions are from their originals: spectra in decibels, pixels in levels, frame by frame."""

from collections.abc import Iterable, Mapping
from math import log

import numpy as np

from unitdisc import metrics, versions
from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Surface
from unitdisc.metric import Metric
from unitdisc.records import Score
from unitdisc.scores.bootstrap import intervals

decibels = 10 / log(10)  # of a natural logarithm of energies
cepstra = 24  # that count: the first, the level, does not (Kominek et al. 2008)
Ratio = tuple[float, float]  # a sum and what it is divided by; over utterances both are summed


def mel_cepstral_distortion(original: Floats, other: Floats, *, most: int = cepstra) -> Floats:
    """Return the distance in dB (T,) of the mel cepstra 1 to ``most`` of two log-mel spectra (T, bins), frame by frame.

    It is 10 / ln 10 · √(2 Σ (c − c′)²) (Kubichek 1993) with the cepstra of a log amplitude c₀ + Σ c_d cos, as SPTK has
    them. With all cepstra it is the root mean square difference of the spectra without their levels. There are no more
    cepstra than bins, less one.
    """
    bins = original.shape[1]
    turns = np.pi / bins * np.outer(np.arange(bins) + 0.5, np.arange(1, min(most, bins - 1) + 1))
    difference = (
        (original - other) @ np.cos(turns) / bins
    )  # half of the energy's cepstrum, 2 / bins · Σ: an amplitude's
    return np.asarray(decibels * np.sqrt(2 * np.square(difference).sum(axis=1)))


def log_spectral_distance(original: Floats, other: Floats) -> Floats:
    """Return the root mean square difference in dB (T,) of two log-mel spectra (T, bins), with their levels."""
    return np.asarray(decibels * np.sqrt(np.square(original - other).mean(axis=1)))


def distances(surface: Surface, original: Floats, other: Floats) -> dict[Metric, Ratio]:
    """Return the distances of frames (T, D) of a kind from those of the original, each of a family of metrics."""
    families = versions.distances[surface]
    if surface == "log-mels":
        each = mel_cepstral_distortion(original, other), log_spectral_distance(original, other)
        return {family: (float(row.sum()), len(row)) for family, row in zip(families, each, strict=True)}
    error = np.abs(original - other)
    sums = (error.sum(), error.size), (np.square(error).sum(), error.size), ((original * error).sum(), original.sum())
    return {family: (float(a), float(b)) for family, (a, b) in zip(families, sums, strict=False)}


def summarise(utterances: Iterable[tuple[str, Mapping[str, Ratio]]], *, bootstrap: int, seed: int) -> list[Score]:
    """Return the scores of metrics, each the ratio of its sums over utterances; n is what they are divided by.

    Mean squares are scores after their root. Intervals of 95 % resample utterances. A metric that rests on nothing is
    left out.
    """
    names, rows = [], []
    for name, row in utterances:
        names.append(name)
        rows.append(row)
    found = list(dict.fromkeys(metric for row in rows for metric in row))
    sums = np.array([[row.get(metric, (0.0, 0.0)) for metric in found] for row in rows]).reshape(
        len(rows), len(found), 2
    )
    known = sums[:, :, 1].sum(axis=0) > 0
    found, sums = [name for name, is_known in zip(found, known, strict=True) if is_known], sums[:, known]
    if not found:
        return []
    squares = np.array([name.startswith(versions.named(versions.pixel_squares, "")) for name in found])

    def ratios(times: Ints) -> Floats:
        above, below = times @ sums[:, :, 0], times @ sums[:, :, 1]
        ratio = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
        return np.asarray(np.where(squares, np.sqrt(ratio), ratio))

    values, count = ratios(np.ones((1, len(names)), dtype=np.int64))[0], sums[:, :, 1].sum(axis=0)
    low, high = intervals(ratios, names, samples=bootstrap, seed=seed, centred=np.zeros(len(found), dtype=bool))
    return [
        Score(metrics.find(name).name, float(values[i]), float(low[i]), float(high[i]), round(float(count[i])))
        for i, name in enumerate(found)
    ]
