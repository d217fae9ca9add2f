"""Ranges of whole numbers, and runs of items that are handled together."""

from itertools import pairwise

import numpy as np

from unitdisc.arrays import Ints


def ranges(first: Ints, count: Ints) -> Ints:
    """Return the concatenated ranges of ``count`` whole numbers from each ``first``."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(count) else 0) + np.repeat(first - ends + count, count)


def runs(cost: Ints, limit: int) -> list[slice]:
    """Return runs of items whose ``cost`` (N,) is about ``limit`` together; they exceed it by one item at most."""
    number = np.cumsum(cost) // limit
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(cost)]
    return [slice(first, last) for first, last in pairwise(edges) if first < last]
