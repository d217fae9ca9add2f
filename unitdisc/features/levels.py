"""Levels of frames, such as their loudness: smoothed over time, and split into low and high ones."""

import numpy as np

from unitdisc.arrays import Floats, Matrix


def two_means(levels: Floats) -> tuple[float, float]:
    """Return the means of the lower and the upper of two clusters of ``levels`` (N,), with the least squared error.

    The clusters are exact: in one dimension they are a split of the sorted values. Equal levels give equal means.
    """
    ordered = np.sort(levels.astype(np.float64))
    sums, counts = np.cumsum(ordered), np.arange(1, len(ordered) + 1)
    if len(ordered) < 2 or ordered[0] == ordered[-1]:
        return float(ordered[0]), float(ordered[0])
    lower, upper = sums[:-1] / counts[:-1], (sums[-1] - sums[:-1]) / (len(ordered) - counts[:-1])
    between = counts[:-1] * (len(ordered) - counts[:-1]) * (upper - lower) ** 2  # largest where the error is least
    best = int(between.argmax())
    return float(lower[best]), float(upper[best])


def smoothed(values: Matrix, width: int) -> Matrix:
    """Average ``values`` (T,) over ``width`` neighbours, an odd number, or over those that exist at the edges."""
    reach = width // 2
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    rows = np.arange(len(values))
    first, last = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, len(values))
    return np.asarray((sums[last] - sums[first]) / (last - first), dtype=np.float32)
