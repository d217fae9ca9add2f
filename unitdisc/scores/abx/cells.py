"""Cells of an ABX task: which groups of tokens are compared as A, B and X.

A group is the tokens with one label, one speaker and, within context, one pair of neighbours.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints
from unitdisc.choices import Context, Speaker


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
class Cells:
    """Cells (C,) as groups: is x in X closer to a in A, of the same label, than to b in B?

    A and B share speaker and context, A and X label and context. Within speakers A and X are one group and a token is
    not compared with itself; across speakers X is of a different speaker.
    """

    a: Ints
    b: Ints
    x: Ints
    triples: Ints


def group_tokens(items: pd.DataFrame, *, context: Context, max_size_group: int | None, seed: int) -> Groups:
    """Group the items; at most ``max_size_group`` tokens per group are kept, sampled with ``seed``."""
    keys = ["previous", "next"] if context == "within" else []
    columns = [*keys, "speaker", "label"]
    grouping = items.groupby(columns, sort=True, observed=True)
    group: Ints = grouping.ngroup().to_numpy().astype(np.int64)
    priority = np.random.default_rng(seed).random(len(items)) if max_size_group else np.zeros(len(items))
    order = np.lexsort((priority, group))
    if max_size_group:
        order = order[_rank(group[order]) < max_size_group]
    size = np.bincount(group).astype(np.int64)
    size = np.minimum(size, max_size_group) if max_size_group else size
    table = items[columns].assign(group=group).drop_duplicates("group").sort_values("group")
    table = (
        table.drop(columns="group")
        .reset_index(drop=True)
        .reindex(columns=["previous", "next", "speaker", "label"], fill_value="")
    )
    speaker, label = (_codes(table, [name]) for name in ("speaker", "label"))
    contexts = _codes(table, keys) if keys else np.zeros(len(size), dtype=np.int64)
    order = order[np.lexsort((order, group[order]))]  # sampled or not, a group's tokens are in the order of the items
    return Groups(table, order, np.cumsum(size) - size, size, contexts, speaker, label)


def make_cells(groups: Groups, *, speaker: Speaker, max_x_across: int | None, seed: int) -> Cells:
    """Make every possible cell; across speakers at most ``max_x_across`` speakers are sampled for X."""
    block = groups.context * (groups.speaker.max() + 1) + groups.speaker
    if speaker == "within":
        a = x = np.flatnonzero(groups.size > 1)
    else:
        a, x = _join(groups.context * (groups.label.max() + 1) + groups.label)
        other = groups.speaker[a] != groups.speaker[x]
        a, x = _sample(a[other], x[other], max_x_across, seed)
    index, b = _match(block[a], block)
    a, x = a[index], x[index]
    kept = groups.label[a] != groups.label[b]
    a, b, x = a[kept], b[kept], x[kept]
    others = groups.size[x] - (1 if speaker == "within" else 0)
    return Cells(a, b, x, groups.size[a] * groups.size[b] * others)


def _codes(table: pd.DataFrame, columns: list[str]) -> Ints:
    return table.groupby(columns, sort=True).ngroup().to_numpy().astype(np.int64)


def _sample(a: Ints, x: Ints, limit: int | None, seed: int) -> tuple[Ints, Ints]:
    """Keep at most ``limit`` of the pairs with the same ``a``, sampled with ``seed``."""
    if not limit:
        return a, x
    order = np.lexsort((np.random.default_rng(seed).random(len(a)), a))
    kept = np.sort(order[_rank(a[order]) < limit])
    return a[kept], x[kept]


def _join(key: Ints) -> tuple[Ints, Ints]:
    """Return all ordered pairs of indices with the same key, equal indices included."""
    return _match(key, key)


def _match(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of an index in ``left`` and an index in ``right`` with the same key."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    left_index = np.repeat(np.arange(len(left)), count)
    offset = np.arange(len(left_index)) - np.repeat(np.cumsum(count) - count, count)
    return left_index, order[np.repeat(first, count) + offset]


def _rank(key: Ints) -> Ints:
    """Return the rank of each entry among those with the same key; ``key`` is sorted."""
    fresh = np.append(True, key[1:] != key[:-1]) if len(key) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(fresh)
    return np.arange(len(key)) - np.repeat(starts, np.diff(np.append(starts, len(key))))
