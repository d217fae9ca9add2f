"""Percentile bootstrap intervals over utterances, or over speakers."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Ints

coverage = 0.95
chunk = 25  # resamples per task: enough to keep a thread busy, few enough to use little memory
chunk_weights = 500_000  # of a task: 16 bytes each
most_threads = 8


def intervals(
    statistic: Callable[[Ints], Floats],
    groups: Sequence[str],
    *,
    samples: int,
    seed: int,
    centred: NDArray[np.bool_],
    width: int = 0,
) -> tuple[Floats, Floats]:
    """Return the low and high ends (M,) of the 95 % percentile intervals of M statistics (Efron 1979).

    ``groups`` (U,) names the group of each utterance, itself or its speaker: a resample draws, with replacement, as
    many groups as exist, with all utterances of a group. ``statistic`` maps the number of times that each utterance is
    resampled (samples, U) to values (samples, M), and is called from several threads. Where ``centred`` (M,) is true,
    the resampled values are shifted so that their median is the value itself, because resampling biases such a
    statistic. ``width`` is how many numbers a resample needs in ``statistic``, if more than utterances. The ends are
    nan if nothing varies: with fewer than two groups, or no samples.
    """
    values = statistic(np.ones((1, len(groups)), dtype=np.int64))
    if samples < 1 or len(set(groups)) < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    resampled = np.concatenate(list(_in_threads(statistic, resamples(groups, samples=samples, seed=seed, width=width))))
    empty = np.isnan(resampled).all(axis=0)
    resampled[:, empty] = 0
    resampled += np.where(centred, values[0] - np.nanmedian(resampled, axis=0), 0)
    low, high = np.nanpercentile(resampled, [50 * (1 - coverage), 50 * (1 + coverage)], axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def resamples(groups: Sequence[str], *, samples: int, seed: int, width: int = 0) -> Iterator[Ints]:
    """Yield how often each utterance is drawn (S, U), for some resamples at a time; see ``intervals``."""
    number, group = numbered(groups)
    generator = np.random.default_rng(seed)
    most = max(min(chunk, chunk_weights // max(len(group), width)), 1)
    for first in range(0, samples, most):
        size = min(most, samples - first)
        times = np.empty((size, len(group)), dtype=np.int64)
        for row in times:  # one by one, which draws the same and holds less
            row[:] = np.bincount(generator.integers(number, size=number), minlength=number)[group]
        yield times


def numbered(names: Sequence[str]) -> tuple[int, Ints]:
    """Return how many different names there are, and the place (N,) of each among these in their order."""
    group, found = pd.factorize(np.array(names, dtype=object), sort=True)  # arrays of texts are as wide as the longest
    return len(found), group.astype(np.int64)


def _in_threads(statistic: Callable[[Ints], Floats], weights: Iterator[Ints]) -> Iterator[Floats]:
    """Yield the statistics of weights, in their order; only the weights that threads work on are in memory."""
    threads = min(os.cpu_count() or 1, most_threads)
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[Future[Floats]] = deque()
        for some in weights:
            begun.append(pool.submit(statistic, some))
            if len(begun) > threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
