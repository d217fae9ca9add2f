"""Compiled comparison of tokens: distances between frames, dynamic time warping, edit distance.

A token is a run of rows of ``frames`` (F, D), prepared by `unitdisc.scores.abx.distances`. Every kernel runs without
Python's global lock, so that threads share the work, and sums in a fixed order, so that the distance of two frames is
the same wherever they occur and ties are exact.
"""

from typing import NamedTuple

import numba
import numpy as np

from unitdisc.arrays import Floats, Ints
from unitdisc.compiled import compiled

ANGULAR, EUCLIDEAN, KL_SYMMETRIC, IDENTICAL, LEVENSHTEIN = range(5)

# Two path lengths share one integer: the lower half with the first token as x, the upper half with the second.
STEP = (1 << 32) + 1
LOWER = (1 << 32) - 1

# asin(s) = s + s³ · P(s²) for s² up to 1/4, to 7e-15: the minimax polynomial of degree 9.
P0, P1, P2, P3, P4 = (
    0.16666666666662181,
    0.075000000035845581,
    0.044642852437938716,
    0.030382182776212485,
    0.022366065938885008,
)
P5, P6, P7, P8, P9 = (
    0.017441495685492856,
    0.01318791613675373,
    0.015675662527070935,
    -0.0029397929067241964,
    0.0279070314326661,
)


# Sums may be vectorised; floating point is not relaxed in any other way.
_lanes = compiled(fastmath={"reassoc", "contract"})


@_lanes
def _squares(frames: Floats, x: int, first: int, count: int, out: Floats) -> None:
    """Squared distances (count,) between row ``x`` and the rows from ``first``."""
    for j in range(count):
        total = 0.0
        for d in range(frames.shape[1]):
            difference = frames[x, d] - frames[first + j, d]
            total += difference * difference
        out[j] = total


@compiled()
def _angles(squares: Floats, count: int) -> None:
    """Replace squared chords by angles, in half turns: 2 asin(chord / 2), which is accurate for small ones too.

    With w = chord² / 4 it is 2 asin(√w) up to 1/4, 2 acos(√(1 - w)) from 3/4, and acos(1 - 2w) between.
    """
    for j in range(count):
        w = min(0.25 * squares[j], 1.0)
        cosine = 1.0 - 2.0 * w
        middle = abs(cosine) <= 0.5
        z = cosine * cosine if middle else min(w, 1.0 - w)
        root = np.sqrt(z)
        upper = P5 + z * (P6 + z * (P7 + z * (P8 + z * P9)))
        arc = root + root * z * (P0 + z * (P1 + z * (P2 + z * (P3 + z * (P4 + z * upper)))))
        angle = 0.5 * np.pi - arc if middle else 2.0 * arc
        squares[j] = (angle if cosine > 0.0 else np.pi - angle) / np.pi


@_lanes
def _divergences(frames: Floats, x: int, first: int, count: int, out: Floats) -> None:
    """Half the symmetric Kullback-Leibler divergence; a row holds probabilities, then their logarithms."""
    half = frames.shape[1] // 2
    for j in range(count):
        total = 0.0
        for d in range(half):
            total += (frames[x, d] - frames[first + j, d]) * (frames[x, half + d] - frames[first + j, half + d])
        out[j] = 0.5 * total


@compiled()
def _row(frames: Floats, x: int, first: int, count: int, kind: int, out: Floats) -> None:
    """Distances (count,) between row ``x`` and the rows from ``first``."""
    if kind == KL_SYMMETRIC:
        _divergences(frames, x, first, count, out)
    elif kind == IDENTICAL:
        for j in range(count):
            out[j] = frames[x, 0] != frames[first + j, 0]
    else:
        _squares(frames, x, first, count, out)
        if kind == ANGULAR:
            _angles(out, count)
        else:
            for j in range(count):
                out[j] = np.sqrt(out[j])


@compiled()
def _edits(frames: Floats, x: int, rows: int, y: int, columns: int, costs: Floats) -> float:
    """Levenshtein distance of two sequences of units, divided by the length of the longer."""
    for j in range(columns):
        costs[j] = j + 1
    for i in range(rows):
        corner, left = float(i), float(i + 1)
        for j in range(columns):
            best = corner if frames[x + i, 0] == frames[y + j, 0] else corner + 1
            best = min(best, left + 1, costs[j] + 1)
            corner = costs[j]
            costs[j] = left = best
    return float(costs[columns - 1] / max(rows, columns))


@compiled()
def _warp(
    frames: Floats, x: int, rows: int, y: int, columns: int, kind: int, costs: Floats, steps: Ints, local: Floats
) -> int:
    """Warp ``rows`` frames onto ``columns``; leave the cost in ``costs[columns - 1]`` and return both path lengths.

    The path follows the cheapest of the three preceding cells, on ties the diagonal one, then the one before in y, then
    the one before in x; swapping x and y swaps the last two, which is why there are two lengths. Only one row of costs
    is kept, each with the lengths of its path.
    """
    for i in range(rows):
        _row(frames, x + i, y, columns, kind, local)
        corner, corner_steps = costs[0], steps[0]
        if i == 0:
            left, left_steps = local[0], STEP
        else:
            left, left_steps = local[0] + corner, corner_steps + STEP
        costs[0], steps[0] = left, left_steps
        for j in range(1, columns):
            up, up_steps = costs[j], steps[j]
            if i == 0 or left < up:
                best, path = left, left_steps
            elif up < left:
                best, path = up, up_steps
            else:
                best, path = left, (left_steps & LOWER) | (up_steps & ~LOWER)
            if i > 0 and corner <= best:
                best, path = corner, corner_steps
            corner, corner_steps = up, up_steps
            left, left_steps = local[j] + best, path + STEP
            costs[j], steps[j] = left, left_steps
    return int(steps[columns - 1])


@compiled()
def _rounded(value: float) -> float:
    """Drop the last 12 of 53 bits (Veltkamp's splitting)."""
    large = value * 4097.0
    return large - (large - value)


@compiled()
def compare(
    frames: Floats, starts: Ints, lengths: Ints, x: int, y: int, kind: int, costs: Floats, steps: Ints, local: Floats
) -> tuple[float, float]:
    """Return d(x, y) and d(y, x) of two tokens, from one warping.

    They are rounded to 41 bits, so that sums of the same distances in a different order are equal.
    """
    if kind == LEVENSHTEIN:
        edits = _edits(frames, starts[x], lengths[x], starts[y], lengths[y], costs)
        return edits, edits
    path = _warp(frames, starts[x], lengths[x], starts[y], lengths[y], kind, costs, steps, local)
    cost = costs[lengths[y] - 1]
    return _rounded(cost / (path & LOWER)), _rounded(cost / (path >> 32))


@compiled()
def _errors(distances: Floats, first: int, size: int, distance: float) -> int:
    """Return twice the number of the sorted ``distances`` above ``distance`` plus the number of those equal to it."""
    low, high = first, first + size
    while low < high:
        middle = (low + high) // 2
        if distances[middle] < distance:
            low = middle + 1
        else:
            high = middle
    top = first + size
    reach = low
    while reach < top:  # the first above; ties are rare
        middle = (reach + top) // 2 if distances[reach] == distance else reach
        if distances[middle] > distance:
            top = middle
        else:
            reach = middle + 1
    return 2 * (first + size - reach) + (reach - low)


class Blocks(NamedTuple):
    """Blocks (N,) of pairs: tokens ``x_first`` to ``x_stop`` with tokens ``y_first`` to ``y_stop``.

    The array of distances is flat: token t of the x side has a row of ``x_stride`` of them from
    ``x_base + t * x_stride``, likewise for the y side. A stride of 0 means that this side is not X in any cell.
    """

    x_first: Ints
    x_stop: Ints
    y_first: Ints
    y_stop: Ints
    x_base: Ints
    x_stride: Ints
    y_base: Ints
    y_stride: Ints


integers, doubles = numba.int64[::1], numba.float64[::1]
block_type = numba.types.NamedUniTuple(integers, 8, Blocks)  # type: ignore[no-untyped-call]
token_types = numba.float64[:, ::1], integers, integers, numba.int64, block_type


@compiled((*token_types, doubles))
def measure(frames: Floats, starts: Ints, lengths: Ints, kind: int, blocks: Blocks, distances: Floats) -> None:
    """Write d(x, a) of tokens of one label into ``distances``: at row x, column a, and at row a, column x.

    Where both sides are one group, each token is compared only with those after it.
    """
    longest = lengths.max()
    costs, local = np.empty(longest), np.empty(longest)
    steps = np.empty(longest, dtype=np.int64)
    for n in range(len(blocks.x_first)):
        same = blocks.y_first[n] <= blocks.x_first[n] < blocks.y_stop[n]
        for x in range(blocks.x_first[n], blocks.x_stop[n]):
            for y in range(x + 1 if same else blocks.y_first[n], blocks.y_stop[n]):
                forward, backward = compare(frames, starts, lengths, x, y, kind, costs, steps, local)
                if blocks.x_stride[n]:
                    distances[blocks.x_base[n] + x * blocks.x_stride[n] + y] = forward
                if blocks.y_stride[n]:
                    distances[blocks.y_base[n] + y * blocks.y_stride[n] + x] = backward


@compiled((*token_types, doubles, numba.int64[:, ::1]))
def count(
    frames: Floats, starts: Ints, lengths: Ints, kind: int, blocks: Blocks, distances: Floats, errors: Ints
) -> None:
    """Count twice the errors (N, 2) of each block of tokens of two labels, for the x side as X and for the y side.

    An a farther from x than b is an error, an equally far one half an error. ``distances`` holds the sorted distances
    from x to every a.
    """
    longest = lengths.max()
    costs, local = np.empty(longest), np.empty(longest)
    steps = np.empty(longest, dtype=np.int64)
    for n in range(len(blocks.x_first)):
        forward_errors, backward_errors = 0, 0
        x_stride, y_stride = blocks.x_stride[n], blocks.y_stride[n]
        for x in range(blocks.x_first[n], blocks.x_stop[n]):
            for y in range(blocks.y_first[n], blocks.y_stop[n]):
                forward, backward = compare(frames, starts, lengths, x, y, kind, costs, steps, local)
                if x_stride:
                    forward_errors += _errors(distances, blocks.x_base[n] + x * x_stride, x_stride, forward)
                if y_stride:
                    backward_errors += _errors(distances, blocks.y_base[n] + y * y_stride, y_stride, backward)
        errors[n, 0], errors[n, 1] = forward_errors, backward_errors
