"""The comparisons of an ABX task: each pair of tokens once, in pieces that threads share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Floats, Ints
from unitdisc.progress import track
from unitdisc.scores.abx.cells import Cells, Groups
from unitdisc.scores.abx.dtw import Blocks, count, measure
from unitdisc.scores.abx.scratch import Scratch
from unitdisc.scores.abx.tokens import Tokens

smallest, biggest = 200_000, 30_000_000  # pairs of frames in a piece: worth a call, and short enough to watch
overhead = 16  # pairs of frames that a pair of tokens costs beside its own


@dataclass(frozen=True, slots=True, eq=False)
class SameLabelDistances:
    """Distances from tokens of groups ``x`` (P,) to those of groups ``a`` (P,) of the same label.

    ``distances`` is flat: token t of ``x[p]`` has its row of ``stride[p]`` distances at ``rows[p] + t * stride[p]``.
    """

    x: Ints
    a: Ints
    stride: Ints
    rows: Ints
    distances: Floats


def count_errors(tokens: Tokens, kind: int, groups: Groups, cells: Cells, *, space: Scratch, threads: int) -> Ints:
    """Count twice the errors of each cell (C,): an a farther from x than b is one, one as far is half an error.

    The tokens stand in the order of the groups. First tokens of one label are compared and each token's distances to
    the others are sorted; then tokens of two labels, and each distance is looked up among the sorted ones of both its
    tokens. So no distance between labels is kept, and a pair is compared once for all the cells it is in.
    """
    pairs, like = np.unique(cells.x * len(groups.size) + cells.a, return_inverse=True)
    likes = _measure(tokens, kind, groups, *np.divmod(pairs, len(groups.size)), space=space, threads=threads)
    sides, cell = _unordered(cells.x, cells.b)
    blocks, piece = _split(_blocks(groups, sides, cell, likes.rows[like], likes.stride[like]), tokens, threads)
    errors = np.zeros((len(piece), 2), dtype=np.int64)

    def work(part: slice) -> None:
        some = Blocks(*(field[part] for field in blocks))
        count(tokens.frames, tokens.starts, tokens.lengths, kind, some, likes.distances, errors[part])

    _run(work, _edges(blocks, tokens, threads), threads, "comparing labels")
    sums = np.zeros(len(cells.x) + 1, dtype=np.int64)
    np.add.at(sums, cell[:, piece].T, errors)  # a side that is no cell's has place -1
    return sums[:-1]


def _measure(
    tokens: Tokens, kind: int, groups: Groups, x: Ints, a: Ints, *, space: Scratch, threads: int
) -> SameLabelDistances:
    """Compare the tokens of one label; rows of one length stand side by side, so that one call sorts them."""
    stride = groups.size[a] - (x == a)
    size = groups.size[x] * stride
    order = np.argsort(stride, kind="stable")
    offset = np.empty_like(size)
    offset[order] = np.cumsum(size[order]) - size[order]
    likes = SameLabelDistances(
        x, a, stride, offset - groups.first[x] * stride, space.empty((int(size.sum()),), np.float64)
    )

    sides, pair = _unordered(x, a)
    blocks = _blocks(groups, sides, pair, likes.rows - groups.first[a], stride)
    # In its own group a token has no place for itself: places behind it, as y is behind x, are one less.
    blocks.x_base[sides[0] == sides[1]] -= 1
    blocks, _ = _split(blocks, tokens, threads)

    def work(part: slice) -> None:
        some = Blocks(*(field[part] for field in blocks))
        measure(tokens.frames, tokens.starts, tokens.lengths, kind, some, likes.distances)

    _run(work, _edges(blocks, tokens, threads), threads, "comparing within labels")
    for length in np.unique(stride):
        first, last = size[stride < length].sum(), size[stride <= length].sum()
        likes.distances[first:last].reshape(-1, length).sort(axis=1)
    return likes


def _unordered(x: Ints, y: Ints) -> tuple[tuple[Ints, Ints], Ints]:
    """Return the distinct unordered pairs (U,) of x and y, and where (2, U) each stands in x, y and in y, x, or -1."""
    low, high = np.minimum(x, y), np.maximum(x, y)
    keys, inverse = np.unique(low * (high.max() + 1) + high, return_inverse=True)
    place = np.full((2, len(keys)), -1, dtype=np.int64)
    place[0, inverse[x <= y]] = np.flatnonzero(x <= y)
    place[1, inverse[x >= y]] = np.flatnonzero(x >= y)
    return (keys // (high.max() + 1), keys % (high.max() + 1)), place


def _blocks(groups: Groups, sides: tuple[Ints, Ints], place: Ints, base: Ints, stride: Ints) -> Blocks:
    """Return a block for each pair of groups; ``base`` and ``stride`` are looked up at ``place``, 0 where it is -1."""
    base, stride = np.append(base, 0), np.append(stride, 0)
    bounds = [bound for side in sides for bound in (groups.first[side], groups.first[side] + groups.size[side])]
    x_first, x_stop, y_first, y_stop = bounds
    return Blocks(x_first, x_stop, y_first, y_stop, base[place[0]], stride[place[0]], base[place[1]], stride[place[1]])


def _split(blocks: Blocks, tokens: Tokens, threads: int) -> tuple[Blocks, Ints]:
    """Split blocks too large for a piece of work between the tokens of x; say which block each part is of."""
    cost = _cost(blocks, tokens)
    size = blocks.x_stop - blocks.x_first
    parts = np.minimum(size, -(-cost // _limit(cost, threads)))
    of = np.repeat(np.arange(len(parts)), parts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
    first = blocks.x_first[of] + size[of] * number // parts[of]
    stop = blocks.x_first[of] + size[of] * (number + 1) // parts[of]
    return Blocks(first, stop, *(field[of] for field in blocks[2:])), of


def _edges(blocks: Blocks, tokens: Tokens, threads: int) -> Ints:
    """Return the bounds of runs of blocks of about one cost."""
    cost = _cost(blocks, tokens)
    runs = np.cumsum(cost) // _limit(cost, threads)
    return np.concatenate([[0], np.flatnonzero(np.diff(runs)) + 1, [len(cost)]])


def _cost(blocks: Blocks, tokens: Tokens) -> Ints:
    """Estimate the cost of blocks in pairs of frames."""
    before = np.append(0, np.cumsum(tokens.lengths))
    x, y = before[blocks.x_stop] - before[blocks.x_first], before[blocks.y_stop] - before[blocks.y_first]
    pairs = (blocks.x_stop - blocks.x_first) * (blocks.y_stop - blocks.y_first)
    return np.asarray(x * y + overhead * pairs)


def _limit(cost: Ints, threads: int) -> int:
    return int(np.clip(cost.sum() // (16 * threads), smallest, biggest))


def _run(work: Callable[[slice], None], edges: Ints, threads: int, what: str) -> None:
    """Do the work between each two edges, in threads."""
    parts = [slice(first, last) for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    with ThreadPoolExecutor(threads) as pool:
        try:
            for _ in track(pool.map(work, parts), what, total=len(parts)):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
