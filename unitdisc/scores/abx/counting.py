"""The comparisons of an ABX task: each pair of tokens once, in pieces of work for threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Floats, Ints
from unitdisc.progress import track
from unitdisc.scores.abx.cells import CellPlan, Cells, Groups, Pairs, block_size
from unitdisc.scores.abx.dtw import Blocks, count, measure
from unitdisc.scores.abx.ranges import ranges, runs
from unitdisc.scores.abx.scratch import Scratch
from unitdisc.scores.abx.tokens import Tokens

smallest, biggest = 200_000, 30_000_000  # pairs of frames per piece: worth a call, yet few enough to show progress
overhead = 16  # cost of a pair of tokens beyond its frames, in pairs of frames


@dataclass(frozen=True, slots=True, eq=False)
class SameLabelDistances:
    """Distances from tokens of the groups X of ``Pairs`` (P,) to those of the groups A of the same label.

    ``distances`` is flat: token t of X of pair p has its row of ``stride[p]`` distances at ``rows[p] + t * stride[p]``.
    """

    stride: Ints
    rows: Ints
    distances: Floats


class Comparison:
    """The tokens of a task, in the order of its groups, and the threads that compare them."""

    def __init__(self, tokens: Tokens, kind: int, plan: CellPlan, *, scratch: Scratch, threads: int) -> None:
        self._tokens, self._kind, self._plan = tokens, kind, plan
        self._scratch, self._threads = scratch, threads

    def errors(self) -> Iterator[tuple[Cells, Ints]]:
        """Yield each block of cells (C,) with twice its errors (C,).

        An a farther from x than b is an error, an equally far one half. First tokens of the same label are compared and
        each token's distances to the others are sorted; then tokens of different labels are compared, and each distance
        is looked up among the sorted ones of both its tokens. So no distance between labels is stored, and a pair is
        compared once for all its cells, which are all in one block.
        """
        with ThreadPoolExecutor(self._threads) as pool:
            try:
                same_label = self._measure(pool)
                for block in track(self._plan.blocks, "comparing labels"):
                    made = self._plan.cells(block)
                    yield made, self._count(pool, made, same_label)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _count(self, pool: ThreadPoolExecutor, made: Cells, same_label: SameLabelDistances) -> Ints:
        sides, cell = _unordered(made.x, made.b)
        rows, stride = same_label.rows[made.pair], same_label.stride[made.pair]
        blocks, block = self._split(_blocks(self._plan.groups, sides, cell, rows, stride))
        errors = np.zeros((len(block), 2), dtype=np.int64)

        def work(part: slice) -> None:
            self._call(count, blocks, part, same_label.distances, errors[part])

        self._run(pool, work, blocks)
        sums = np.zeros(len(made.x) + 1, dtype=np.int64)
        np.add.at(sums, cell[:, block].T, errors)  # a side without a cell has index -1
        return sums[:-1]

    def _measure(self, pool: ThreadPoolExecutor) -> SameLabelDistances:
        """Compare the tokens of each label; the groups of one label and context are always together."""
        groups, pairs = self._plan.groups, self._plan.pairs
        stride, rows = (self._scratch.empty((len(pairs.x),), np.int64) for _ in range(2))
        distances = self._scratch.empty((int((groups.size * pairs.tokens).sum()),), np.float64)
        same_label, first = SameLabelDistances(stride, rows, distances), 0
        for a in track(_families(groups, pairs), "comparing within labels"):
            first = self._measure_family(pool, a, same_label, first)
        return same_label

    def _measure_family(self, pool: ThreadPoolExecutor, a: Ints, same_label: SameLabelDistances, first: int) -> int:
        """Measure and sort from place ``first`` on; rows of equal length are adjacent, so that one call sorts them."""
        groups, pairs = self._plan.groups, self._plan.pairs
        place = ranges(pairs.first[a], pairs.count[a])
        a, x = np.repeat(a, pairs.count[a]), pairs.x[place]
        stride = groups.size[a] - (x == a)
        size = groups.size[x] * stride
        order = np.argsort(stride, kind="stable")
        offset = np.empty_like(size)
        offset[order] = first + np.cumsum(size[order]) - size[order]
        rows = offset - groups.first[x] * stride
        same_label.stride[place], same_label.rows[place] = stride, rows

        sides, pair = _unordered(x, a)
        blocks = _blocks(groups, sides, pair, rows - groups.first[a], stride)
        # Within its group a token has no distance to itself, so the columns after it (y comes after x) move up by one.
        blocks.x_base[sides[0] == sides[1]] -= 1
        blocks, _ = self._split(blocks)
        self._run(pool, lambda part: self._call(measure, blocks, part, same_label.distances), blocks)
        for length in np.unique(stride):
            last = first + size[stride == length].sum()
            same_label.distances[first:last].reshape(-1, length).sort(axis=1)
            first = last
        return int(first)

    def _call(self, kernel: Callable[..., None], blocks: Blocks, part: slice, *arrays: Floats | Ints) -> None:
        tokens = self._tokens
        part_blocks = Blocks(*(field[part] for field in blocks))
        kernel(tokens.frames, tokens.starts, tokens.lengths, self._kind, part_blocks, *arrays)

    def _run(self, pool: ThreadPoolExecutor, work: Callable[[slice], None], blocks: Blocks) -> None:
        """Do the work on runs of blocks of about equal cost, in threads."""
        cost = self._cost(blocks)
        for _ in pool.map(work, runs(cost, _limit(cost, self._threads))):
            pass

    def _split(self, blocks: Blocks) -> tuple[Blocks, Ints]:
        """Split blocks that are too large a piece of work by the tokens of x; return also the block of each part."""
        cost = self._cost(blocks)
        size = blocks.x_stop - blocks.x_first
        parts = np.minimum(size, -(-cost // _limit(cost, self._threads)))
        block = np.repeat(np.arange(len(parts)), parts)
        part = np.arange(len(block)) - np.repeat(np.cumsum(parts) - parts, parts)
        first = blocks.x_first[block] + size[block] * part // parts[block]
        stop = blocks.x_first[block] + size[block] * (part + 1) // parts[block]
        return Blocks(first, stop, *(field[block] for field in blocks[2:])), block

    def _cost(self, blocks: Blocks) -> Ints:
        """Estimate the cost of blocks in pairs of frames."""
        before = np.append(0, np.cumsum(self._tokens.lengths))
        x, y = before[blocks.x_stop] - before[blocks.x_first], before[blocks.y_stop] - before[blocks.y_first]
        pairs = (blocks.x_stop - blocks.x_first) * (blocks.y_stop - blocks.y_first)
        return np.asarray(x * y + overhead * pairs)


def _families(groups: Groups, pairs: Pairs) -> list[Ints]:
    """Return the groups that are A, those with the same label and context always together."""
    family = groups.context * (groups.label.max() + 1) + groups.label
    order = np.argsort(family, kind="stable")
    order = order[pairs.count[order] > 0]
    edges = np.flatnonzero(np.append(True, np.diff(family[order]) != 0)[: len(order)])
    ends = np.append(edges, len(order))
    per_family = np.add.reduceat(pairs.count[order], edges)
    return [order[ends[run.start] : ends[run.stop]] for run in runs(per_family, block_size(len(pairs.x)))]


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


def _limit(cost: Ints, threads: int) -> int:
    return int(np.clip(cost.sum() // (16 * threads), smallest, biggest))
