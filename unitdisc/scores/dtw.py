"""Compiled comparison of tokens: distances between frames, dynamic time warping, edit distance.

A token is a run of rows of ``frames`` (F, D), prepared by `unitdisc.scores.tokens`. Every kernel is free of Python's
lock, so that threads share the work, and sums in one fixed order, so that the same two frames are equally far apart
wherever they stand: a tie is a tie.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

ANGULAR, EUCLIDEAN, KL_SYMMETRIC, IDENTICAL, LEVENSHTEIN = range(5)

# Two path lengths travel in one integer: the lower half's with the first token as x, the upper half's with the second.
STEP = (1 << 32) + 1
LOWER = (1 << 32) - 1

ONE, HALF, PI = np.float32(1), np.float32(0.5), np.float32(np.pi)
# arccos(t) = sqrt(1 - t) · polynomial(t) on [0, 1] to 2e-8 (Hastings; Abramowitz and Stegun 4.4.46).
C0, C1, C2, C3 = (
    np.float32(1.5707963050),
    np.float32(-0.2145988016),
    np.float32(0.0889789874),
    np.float32(-0.0501743046),
)
C4, C5, C6, C7 = (
    np.float32(0.0308918810),
    np.float32(-0.0170881256),
    np.float32(0.0066700901),
    np.float32(-0.0012624911),
)
NEAR = np.float32(0.0142)  # in half turns: below it the cosine is above 0.999 and says little, so the chord is taken
ARC = np.float32(1 / 24)


def _compiled(fastmath: set[str] | None = None) -> Callable[[Kernel], Kernel]:
    """Compile on first use; kept on disk where the package, or else the user's cache folder, can be written."""

    def wrap(function: Kernel) -> Kernel:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath or False}
        try:
            kernel: Kernel = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # no folder for the cache can be written
            kernel = numba.njit(**options)(function)
        return kernel

    return wrap


# Sums may be taken in vector lanes; nothing else of floating point is relaxed.
_lanes = _compiled({"reassoc", "contract"})


@_lanes
def _chord(frames: Floats, x: int, y: int) -> float:
    total = np.float32(0)
    for d in range(frames.shape[1]):
        difference = frames[x, d] - frames[y, d]
        total += difference * difference
    return total


@_lanes
def _angles(frames: Floats, x: int, first: int, count: int, out: Floats) -> None:
    """Angles in half turns between row ``x`` (a unit vector) and rows ``first``…; equal rows are 0 apart."""
    for j in range(count):
        total = np.float32(0)
        for d in range(frames.shape[1]):
            total += frames[x, d] * frames[first + j, d]
        out[j] = total
    for j in range(count):
        cosine = max(-ONE, min(ONE, out[j]))
        t = abs(cosine)
        inner = C4 + t * (C5 + t * (C6 + t * C7))
        angle = np.sqrt(ONE - t) * (C0 + t * (C1 + t * (C2 + t * (C3 + t * inner))))
        out[j] = (PI - angle if cosine < 0 else angle) / PI
    for j in range(count):
        if out[j] < NEAR:
            square = _chord(frames, x, first + j)
            out[j] = np.sqrt(square) * (ONE + square * ARC) / PI


@_lanes
def _divergences(frames: Floats, x: int, first: int, count: int, out: Floats) -> None:
    """Half the symmetric Kullback-Leibler divergence; a row holds probabilities, then their logarithms."""
    half = frames.shape[1] // 2
    for j in range(count):
        total = np.float32(0)
        for d in range(half):
            total += (frames[x, d] - frames[first + j, d]) * (frames[x, half + d] - frames[first + j, half + d])
        out[j] = HALF * total


@_compiled()
def _row(frames: Floats, x: int, first: int, count: int, kind: int, out: Floats) -> None:
    """Distances (count,) between row ``x`` and the rows from ``first``."""
    if kind == ANGULAR:
        _angles(frames, x, first, count, out)
    elif kind == KL_SYMMETRIC:
        _divergences(frames, x, first, count, out)
    elif kind == EUCLIDEAN:
        for j in range(count):
            out[j] = np.sqrt(_chord(frames, x, first + j))
    else:
        for j in range(count):
            out[j] = np.float32(frames[x, 0] != frames[first + j, 0])


@_compiled()
def _edits(frames: Floats, x: int, rows: int, y: int, columns: int, costs: Floats) -> float:
    """Levenshtein distance of two sequences of units, divided by the length of the longer."""
    for j in range(columns):
        costs[j] = j + 1
    for i in range(rows):
        corner, left = np.float32(i), np.float32(i + 1)
        for j in range(columns):
            best = corner if frames[x + i, 0] == frames[y + j, 0] else corner + ONE
            best = min(best, left + ONE, costs[j] + ONE)
            corner = costs[j]
            costs[j] = left = best
    return costs[columns - 1] / np.float32(max(rows, columns))


@_compiled()
def _warp(
    frames: Floats, x: int, rows: int, y: int, columns: int, kind: int, costs: Floats, steps: Ints, local: Floats
) -> int:
    """Warp ``rows`` frames onto ``columns``; leave the cost in ``costs[columns - 1]`` and return both path lengths.

    The path follows the cheapest of the three cells before, on ties the diagonal one, then the one before in y, then
    the one before in x; with x and y changed over the last two change places, which is why there are two lengths. Only
    one row of costs is kept, and with each cost the lengths of the path that led to it.
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
    return steps[columns - 1]


@_compiled()
def compare(
    frames: Floats, starts: Ints, lengths: Ints, x: int, y: int, kind: int, costs: Floats, steps: Ints, local: Floats
) -> tuple[float, float]:
    """Return d(x, y) and d(y, x) of two tokens, from one warping."""
    if kind == LEVENSHTEIN:
        edits = _edits(frames, starts[x], lengths[x], starts[y], lengths[y], costs)
        return edits, edits
    path = _warp(frames, starts[x], lengths[x], starts[y], lengths[y], kind, costs, steps, local)
    cost = costs[lengths[y] - 1]
    return cost / np.float32(path & LOWER), cost / np.float32(path >> 32)


@_compiled()
def _errors(likes: Floats, first: int, size: int, distance: float) -> int:
    """Twice the number of the sorted ``likes`` above ``distance``, and once the number of those equal to it."""
    low, high = first, first + size
    while low < high:
        middle = (low + high) // 2
        if likes[middle] < distance:
            low = middle + 1
        else:
            high = middle
    top = first + size
    reach = low
    while reach < top:  # the first above; mostly there is no tie
        middle = (reach + top) // 2 if likes[reach] == distance else reach
        if likes[middle] > distance:
            top = middle
        else:
            reach = middle + 1
    return 2 * (first + size - reach) + (reach - low)


class Blocks(NamedTuple):
    """Blocks (N,) of pairs: tokens ``x_first`` to ``x_stop`` with tokens ``y_first`` to ``y_stop``.

    ``likes`` is flat: token t of the x side has a row of ``x_stride`` places, from ``x_base + t * x_stride``; so has one
    of the y side. A stride of 0 says that this side is no X of a cell.
    """

    x_first: Ints
    x_stop: Ints
    y_first: Ints
    y_stop: Ints
    x_base: Ints
    x_stride: Ints
    y_base: Ints
    y_stride: Ints


@_compiled()
def measure(frames: Floats, starts: Ints, lengths: Ints, kind: int, blocks: Blocks, likes: Floats) -> None:
    """Write d(x, a) of tokens of one label into ``likes``: row x, place a, and row a, place x.

    Where both sides are one group, each pair stands once: a token is compared with those behind it.
    """
    longest = lengths.max()
    costs, local = np.empty(longest, dtype=np.float32), np.empty(longest, dtype=np.float32)
    steps = np.empty(longest, dtype=np.int64)
    for n in range(len(blocks.x_first)):
        same = blocks.y_first[n] <= blocks.x_first[n] < blocks.y_stop[n]
        for x in range(blocks.x_first[n], blocks.x_stop[n]):
            for y in range(x + 1 if same else blocks.y_first[n], blocks.y_stop[n]):
                forward, backward = compare(frames, starts, lengths, x, y, kind, costs, steps, local)
                if blocks.x_stride[n]:
                    likes[blocks.x_base[n] + x * blocks.x_stride[n] + y] = forward
                if blocks.y_stride[n]:
                    likes[blocks.y_base[n] + y * blocks.y_stride[n] + x] = backward


@_compiled()
def count(
    frames: Floats, starts: Ints, lengths: Ints, kind: int, blocks: Blocks, likes: Floats, errors: Ints
) -> None:
    """Count twice the errors (N, 2) of each block of tokens of two labels, for the x side as X and for the y side.

    An error is an a that is farther from x than b is, or half an error where they are as far. ``likes`` holds the
    distances from x to every a, sorted.
    """
    longest = lengths.max()
    costs, local = np.empty(longest, dtype=np.float32), np.empty(longest, dtype=np.float32)
    steps = np.empty(longest, dtype=np.int64)
    for n in range(len(blocks.x_first)):
        forward_errors, backward_errors = 0, 0
        x_stride, y_stride = blocks.x_stride[n], blocks.y_stride[n]
        for x in range(blocks.x_first[n], blocks.x_stop[n]):
            for y in range(blocks.y_first[n], blocks.y_stop[n]):
                forward, backward = compare(frames, starts, lengths, x, y, kind, costs, steps, local)
                if x_stride:
                    forward_errors += _errors(likes, blocks.x_base[n] + x * x_stride, x_stride, forward)
                if y_stride:
                    backward_errors += _errors(likes, blocks.y_base[n] + y * y_stride, y_stride, backward)
        errors[n, 0], errors[n, 1] = forward_errors, backward_errors


