"""Percentile bootstrap intervals over utterances, or over speakers."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Ints

coverage = 0.95
chunk = 25  # resamples a task: enough to keep a thread busy, few enough to hold little


def intervals(
    statistic: Callable[[Ints], Floats],
    groups: Sequence[str],
    *,
    samples: int,
    seed: int,
    centred: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Return the low and high ends (M,) of the 95 % percentile intervals of M statistics (Efron 1979).

    ``groups`` (U,) names what is drawn, an utterance's own name or its speaker: a resample draws as many groups as
    there are, with replacement, all utterances of a group together. ``statistic`` turns how often each utterance is
    taken (samples, U) into values (samples, M), and is called from several threads. Where ``centred`` (M,), the
    resamples are moved so that their median is the value itself, because drawing shifts such a statistic as well as
    spreading it. The ends are nan where nothing varies by drawing: with fewer than two groups, or no sample.
    """
    values = statistic(np.ones((1, len(groups)), dtype=np.int64))
    if samples < 1 or len(set(groups)) < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        drawn = np.concatenate(list(pool.map(statistic, resamples(groups, samples=samples, seed=seed))))
    empty = np.isnan(drawn).all(axis=0)
    drawn[:, empty] = 0
    drawn += np.where(centred, values[0] - np.nanmedian(drawn, axis=0), 0)
    low, high = np.nanpercentile(drawn, [50 * (1 - coverage), 50 * (1 + coverage)], axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def resamples(groups: Sequence[str], *, samples: int, seed: int) -> Iterator[Ints]:
    """Yield how often each utterance is taken (chunk, U), a chunk of resamples at a time."""
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    generator = np.random.default_rng(seed)
    for first in range(0, samples, chunk):
        size = min(chunk, samples - first)
        drawn = generator.integers(len(names), size=(size, len(names)))
        drawn += len(names) * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * len(names)).reshape(size, len(names))
        yield np.ascontiguousarray(times[:, member])
