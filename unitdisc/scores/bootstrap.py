"""Percentile bootstrap intervals over utterances, or over speakers."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Ints

coverage = 0.95
chunk = 25  # resamples per task: enough to keep a thread busy, few enough to use little memory


def intervals(
    statistic: Callable[[Ints], Floats],
    groups: Sequence[str],
    *,
    samples: int,
    seed: int,
    centred: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Return the low and high ends (M,) of the 95 % percentile intervals of M statistics (Efron 1979).

    ``groups`` (U,) names the group of each utterance, itself or its speaker: a resample draws, with replacement, as
    many groups as exist, with all utterances of a group. ``statistic`` maps the number of times that each utterance is
    resampled (samples, U) to values (samples, M), and is called from several threads. Where ``centred`` (M,) is true,
    the resampled values are shifted so that their median is the value itself, because resampling biases such a
    statistic. The ends are nan if nothing varies: with fewer than two groups, or no samples.
    """
    values = statistic(np.ones((1, len(groups)), dtype=np.int64))
    if samples < 1 or len(set(groups)) < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        resampled = np.concatenate(list(pool.map(statistic, resamples(groups, samples=samples, seed=seed))))
    empty = np.isnan(resampled).all(axis=0)
    resampled[:, empty] = 0
    resampled += np.where(centred, values[0] - np.nanmedian(resampled, axis=0), 0)
    low, high = np.nanpercentile(resampled, [50 * (1 - coverage), 50 * (1 + coverage)], axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def resamples(groups: Sequence[str], *, samples: int, seed: int) -> Iterator[Ints]:
    """Yield how often each utterance is drawn (chunk, U), for one chunk of resamples at a time."""
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    generator = np.random.default_rng(seed)
    for first in range(0, samples, chunk):
        size = min(chunk, samples - first)
        drawn = generator.integers(len(names), size=(size, len(names)))
        drawn += len(names) * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * len(names)).reshape(size, len(names))
        yield np.ascontiguousarray(times[:, group])
