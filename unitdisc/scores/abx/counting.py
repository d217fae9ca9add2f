"""The comparisons of an ABX task: each pair of tokens once, in pieces of work for threads."""

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

smallest, biggest = 200_000, 30_000_000  # pairs of frames per piece: worth a call, yet few enough to show progress
overhead = 16  # cost of a pair of tokens beyond its frames, in pairs of frames


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


def count_errors(tokens: Tokens, kind: int, groups: Groups, cells: Cells, *, scratch: Scratch, threads: int) -> Ints:
    """Count twice the errors of each cell (C,): an a farther from x than b is an error, an equally far one half.

    The tokens are in the order of the groups. First tokens of the same label are compared and each token's distances to
    the others are sorted; then tokens of different labels are compared, and each distance is looked up among the sorted
    ones of both its tokens. So no distance between labels is stored, and a pair is compared once for all its cells.
    """
    pairs, pair_of_cell = np.unique(cells.x * len(groups.size) + cells.a, return_inverse=True)
    same_label = _measure(tokens, kind, groups, *np.divmod(pairs, len(groups.size)), scratch=scratch, threads=threads)
    sides, cell = _unordered(cells.x, cells.b)
    blocks, block = _split(
        _blocks(groups, sides, cell, same_label.rows[pair_of_cell], same_label.stride[pair_of_cell]), tokens, threads
    )
    errors = np.zeros((len(block), 2), dtype=np.int64)

    def work(part: slice) -> None:
        part_blocks = Blocks(*(field[part] for field in blocks))
        count(tokens.frames, tokens.starts, tokens.lengths, kind, part_blocks, same_label.distances, errors[part])

    _run(work, _edges(blocks, tokens, threads), threads, "comparing labels")
    sums = np.zeros(len(cells.x) + 1, dtype=np.int64)
    np.add.at(sums, cell[:, block].T, errors)  # a side without a cell has index -1
    return sums[:-1]


def _measure(
    tokens: Tokens, kind: int, groups: Groups, x: Ints, a: Ints, *, scratch: Scratch, threads: int
) -> SameLabelDistances:
    """Compare the tokens of each label; rows of equal length are adjacent, so that one call sorts them."""
    stride = groups.size[a] - (x == a)
    size = groups.size[x] * stride
    order = np.argsort(stride, kind="stable")
    offset = np.empty_like(size)
    offset[order] = np.cumsum(size[order]) - size[order]
    same_label = SameLabelDistances(
        x, a, stride, offset - groups.first[x] * stride, scratch.empty((int(size.sum()),), np.float64)
    )

    sides, pair = _unordered(x, a)
    blocks = _blocks(groups, sides, pair, same_label.rows - groups.first[a], stride)
    # Within its group a token has no distance to itself, so the columns after it (y comes after x) move up by one.
    blocks.x_base[sides[0] == sides[1]] -= 1
    blocks, _ = _split(blocks, tokens, threads)

    def work(part: slice) -> None:
        part_blocks = Blocks(*(field[part] for field in blocks))
        measure(tokens.frames, tokens.starts, tokens.lengths, kind, part_blocks, same_label.distances)

    _run(work, _edges(blocks, tokens, threads), threads, "comparing within labels")
    for length in np.unique(stride):
        first, last = size[stride < length].sum(), size[stride <= length].sum()
        same_label.distances[first:last].reshape(-1, length).sort(axis=1)
    return same_label


def _unordered(x: Ints, y: Ints) -> tuple[tuple[Ints, Ints], Ints]:
    """Return the distinct unordered pairs (U,) of x and y, and their indices (2, U) in (x, y) and in (y, x), or -1."""
    low, high = np.minimum(x, y), np.maximum(x, y)
    keys, inverse = np.unique(low * (high.max() + 1) + high, return_inverse=True)
    index = np.full((2, len(keys)), -1, dtype=np.int64)
    index[0, inverse[x <= y]] = np.flatnonzero(x <= y)
    index[1, inverse[x >= y]] = np.flatnonzero(x >= y)
    return (keys // (high.max() + 1), keys % (high.max() + 1)), index


def _blocks(groups: Groups, sides: tuple[Ints, Ints], index: Ints, base: Ints, stride: Ints) -> Blocks:
    """Return a block per pair of groups; ``base`` and ``stride`` are taken at ``index``, and 0 where that is -1."""
    base, stride = np.append(base, 0), np.append(stride, 0)
    bounds = [bound for side in sides for bound in (groups.first[side], groups.first[side] + groups.size[side])]
    x_first, x_stop, y_first, y_stop = bounds
    return Blocks(x_first, x_stop, y_first, y_stop, base[index[0]], stride[index[0]], base[index[1]], stride[index[1]])


def _split(blocks: Blocks, tokens: Tokens, threads: int) -> tuple[Blocks, Ints]:
    """Split blocks that are too large a piece of work by the tokens of x; return also the block of each part (N,)."""
    cost = _cost(blocks, tokens)
    size = blocks.x_stop - blocks.x_first
    parts = np.minimum(size, -(-cost // _limit(cost, threads)))
    block = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(block)) - np.repeat(np.cumsum(parts) - parts, parts)
    first = blocks.x_first[block] + size[block] * part // parts[block]
    stop = blocks.x_first[block] + size[block] * (part + 1) // parts[block]
    return Blocks(first, stop, *(field[block] for field in blocks[2:])), block


def _edges(blocks: Blocks, tokens: Tokens, threads: int) -> Ints:
    """Return the bounds of runs of blocks of about equal cost."""
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
    """Do the work between each two edges, in threads, and show progress."""
    parts = [slice(first, last) for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    with ThreadPoolExecutor(threads) as pool:
        try:
            for _ in track(pool.map(work, parts), what, total=len(parts)):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
