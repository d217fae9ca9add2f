"""Cells of an ABX task: which groups of tokens are compared as A, B and X.

A group is the tokens with one label, one speaker and, within context, one pair of neighbours.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Context, Speaker
from unitdisc.scores.abx.ranges import ranges, runs
from unitdisc.scores.abx.scratch import Scratch

Share = tuple[int, int]  # the second of three is (2, 3)

at_once = 250_000  # cells, or pairs of groups, in memory at once
parts = 50  # blocks of a task that are at least made, if they are not tiny, to show progress


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups (G,) of tokens: those of group g are ``order[first[g]:first[g] + size[g]]``, rows of the items.

    ``context``, ``speaker`` and ``label`` number the distinct values; ``table`` (G rows) names them.
    """

    table: pd.DataFrame
    order: Ints
    first: Ints
    size: Ints
    context: Ints
    speaker: Ints
    label: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The groups that are X with each group as A (G,): with g, ``x[first[g]:first[g] + count[g]]``, in their order.

    A and X share label and context. Within speakers X is A itself; across speakers X is of another speaker. ``tokens``
    (G,) is with how many tokens of X each token of A is compared: within its group a token is not compared with itself.
    """

    x: Ints
    first: Ints
    count: Ints
    tokens: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells (C,) as groups: is x in X closer to a in A, of the same label, than to b in B?

    A and B share speaker and context, A and X label and context. ``pair`` is the place of X in ``Pairs.x``.
    """

    a: Ints
    b: Ints
    x: Ints
    pair: Ints
    triples: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CellPlan:
    """All cells of a task, made in blocks, since there are as many as the square of the speakers times labels.

    ``low`` and ``high`` (N,) are the groups of a speaker and a context with different labels, sorted by these labels,
    so that a block (a slice of them) holds every cell of its pairs of labels, in both directions. A plan may be of a
    share of the pairs of labels: it has ``total`` cells, of ``all_cells`` of the task.
    """

    groups: Groups
    pairs: Pairs
    low: Ints
    high: Ints
    blocks: list[slice]
    total: int
    all_cells: int

    def cells(self, block: slice) -> Cells:
        """Make the cells of a block; those of two labels are in the order of A, then X."""
        low, high = self.low[block], self.high[block]
        groups, a, b = self.groups, np.concatenate([low, high]), np.concatenate([high, low])
        count = self.pairs.count[a]
        pair = ranges(self.pairs.first[a], count)
        a, b, x = np.repeat(a, count), np.repeat(b, count), self.pairs.x[pair]
        return Cells(a, b, x, pair, groups.size[a] * groups.size[b] * (groups.size[x] - (a == x)))


def group_columns(context: Context) -> list[str]:
    """Return the columns of the items by which tokens are grouped."""
    return [*(["previous", "next"] if context == "within" else []), "speaker", "label"]


def first_of_groups(group: Ints, priority: Floats, most: int) -> Ints:
    """Return the rows of the ``most`` tokens of each group (N,) that have the least ``priority`` (N,), by group."""
    order = np.lexsort((priority, group))
    return order[_rank(group[order]) < most]


def group_tokens(items: pd.DataFrame, *, context: Context, max_size_group: int | None, seed: int) -> Groups:
    """Group the items; at most ``max_size_group`` tokens per group are kept, sampled with ``seed``."""
    columns = group_columns(context)
    grouping = items.groupby(columns, sort=True, observed=True)
    group: Ints = grouping.ngroup().to_numpy().astype(np.int64)
    if max_size_group:
        order = first_of_groups(group, np.random.default_rng(seed).random(len(items)), max_size_group)
    else:
        order = np.arange(len(items))
    size = np.bincount(group).astype(np.int64)
    size = np.minimum(size, max_size_group) if max_size_group else size
    table = items[columns].assign(group=group).drop_duplicates("group").sort_values("group")
    table = (
        table.drop(columns="group")
        .reset_index(drop=True)
        .reindex(columns=["previous", "next", "speaker", "label"], fill_value="")
    )
    speaker, label = (_codes(table, [name]) for name in ("speaker", "label"))
    contexts = _codes(table, ["previous", "next"])
    order = order[np.lexsort((order, group[order]))]  # sampled or not, a group's tokens are in the order of the items
    return Groups(table, order, np.cumsum(size) - size, size, contexts, speaker, label)


def choose_x(groups: Groups, *, speaker: Speaker, max_x_across: int | None, seed: int, scratch: Scratch) -> Pairs:
    """Choose the groups of X for every group that has a B; across speakers at most ``max_x_across``, sampled."""
    _, place, size = np.unique(_speaker_contexts(groups), return_inverse=True, return_counts=True)
    has_b = size[place] > 1
    if speaker == "within":
        count = ((groups.size > 1) & has_b).astype(np.int64)
        return Pairs(np.flatnonzero(count), np.cumsum(count) - count, count, (groups.size - 1) * count)
    family = groups.context * (groups.label.max() + 1) + groups.label
    order = np.argsort(family, kind="stable")
    start, stop = (np.searchsorted(family[order], family, side=side) for side in ("left", "right"))
    others = stop - start - 1
    count = np.where(has_b, np.minimum(others, max_x_across or others), 0)
    first, tokens = np.cumsum(count) - count, np.zeros_like(count)
    chosen, generator = scratch.empty((int(count.sum()),), np.int64), np.random.default_rng(seed)
    for part in runs(stop - start, at_once):
        a = np.repeat(np.arange(part.start, part.stop), (stop - start)[part])
        x = order[ranges(start[part], (stop - start)[part])]
        a, x = _sample(a[a != x], x[a != x], max_x_across, generator)
        a, x = a[has_b[a]], x[has_b[a]]
        chosen[ranges(first[part], count[part])] = x
        tokens += np.bincount(a, weights=groups.size[x], minlength=len(count)).astype(np.int64)
    return Pairs(chosen, first, count, tokens)


def plan_cells(groups: Groups, pairs: Pairs, share: Share = (1, 1)) -> CellPlan:
    """Plan every possible cell, or those of a share of the pairs of labels, in blocks of whole pairs of labels."""
    shared = _speaker_contexts(groups)
    later = np.searchsorted(shared, shared, side="right") - np.arange(len(shared)) - 1  # groups are sorted by it
    low = np.repeat(np.arange(len(later)), later)
    high = ranges(np.arange(len(later)) + 1, later)
    cells = pairs.count[low] + pairs.count[high]
    low, high, cells = low[cells > 0], high[cells > 0], cells[cells > 0]
    labels = groups.label[low] * (groups.label.max() + 1) + groups.label[high]
    order = np.argsort(labels, kind="stable")
    low, high, cells, labels = low[order], high[order], cells[order], labels[order]
    all_cells = int(cells.sum())
    if share[1] > 1:
        cost = pairs.tokens[low] * groups.size[high] + pairs.tokens[high] * groups.size[low]
        kept = _of_share(labels, cost, share)
        low, high, cells, labels = low[kept], high[kept], cells[kept], labels[kept]
        pairs = _among(pairs, low, high)
    edges = np.flatnonzero(np.append(True, labels[1:] != labels[:-1])[: len(labels)])
    total = int(cells.sum())
    ends = np.append(edges, len(labels))
    per_pair = np.add.reduceat(cells, edges) if total else cells
    blocks = [slice(ends[run.start], ends[run.stop]) for run in runs(per_pair, block_size(total))]
    return CellPlan(groups, pairs, low, high, blocks, total, all_cells)


def _of_share(labels: Ints, cost: Ints, share: Share) -> slice:
    """Return the entries of a share, of all that are sorted by ``labels`` (N,) and have a ``cost`` (N,) above 0.

    The middle of the cost of a pair of labels is in one share, and so are all of its entries.
    """
    number, of = share
    _, pair, size = np.unique(labels, return_inverse=True, return_counts=True)
    costs = np.bincount(pair, weights=cost)
    middle = np.cumsum(costs) - costs / 2
    ends = np.append(0, np.cumsum(size))
    places = np.searchsorted(middle, costs.sum() * np.array([number - 1, number]) / of)
    return slice(int(ends[places[0]]), int(ends[places[1]]))


def _among(pairs: Pairs, low: Ints, high: Ints) -> Pairs:
    """Return the pairs of groups of which A is among ``low`` and ``high``: others need no distances."""
    needed = np.zeros(len(pairs.count), dtype=bool)
    needed[low] = needed[high] = True
    return replace(pairs, count=np.where(needed, pairs.count, 0), tokens=np.where(needed, pairs.tokens, 0))


def block_size(total: int) -> int:
    """Return how many of ``total`` cells, or pairs of groups, are a block."""
    return min(max(total // parts, at_once // parts, 1), at_once)


def _speaker_contexts(groups: Groups) -> Ints:
    """Number the pairs of a context and a speaker, which A and B share."""
    return np.asarray(groups.context * (groups.speaker.max() + 1) + groups.speaker)


def _codes(table: pd.DataFrame, columns: list[str]) -> Ints:
    return table.groupby(columns, sort=True).ngroup().to_numpy().astype(np.int64)


def _sample(a: Ints, x: Ints, limit: int | None, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Keep at most ``limit`` of the pairs with the same ``a``, sampled."""
    if not limit:
        return a, x
    order = np.lexsort((generator.random(len(a)), a))
    kept = np.sort(order[_rank(a[order]) < limit])
    return a[kept], x[kept]


def _rank(key: Ints) -> Ints:
    """Return the rank of each entry among those with the same key; ``key`` is sorted."""
    fresh = np.append(True, key[1:] != key[:-1]) if len(key) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(fresh)
    return np.arange(len(key)) - np.repeat(starts, np.diff(np.append(starts, len(key))))
