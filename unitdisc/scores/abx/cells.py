"""Cells of an ABX task: which groups of tokens are compared as A, B and X.

A group is the tokens with one label, one speaker and, within context, one pair of neighbours.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints

Speaker = Literal["within", "across"]
Context = Literal["within", "any"]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups (G,) and their tokens: those of group g are ``order[first[g]:first[g] + size[g]]``, rows of the items.

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
    """Cells (C,) as groups: is x in X more like a in A, of its label, than like b in B?

    A and B share speaker and context, A and X label and context. Within speakers A and X are one group and a token is
    not compared with itself; across speakers X is of another speaker.
    """

    a: Ints
    b: Ints
    x: Ints
    triples: Ints


def group_tokens(items: pd.DataFrame, *, context: Context, max_size_group: int | None, seed: int) -> Groups:
    """Group the items; of a group of more than ``max_size_group`` tokens, that many are drawn."""
    keys = ["previous", "next"] if context == "within" else []
    columns = [*keys, "speaker", "label"]
    grouping = items.groupby(columns, sort=True, observed=True)
    group: Ints = grouping.ngroup().to_numpy().astype(np.int64)
    lottery = np.random.default_rng(seed).random(len(items)) if max_size_group else np.zeros(len(items))
    order = np.lexsort((lottery, group))
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
    order = order[np.lexsort((order, group[order]))]  # drawn or not, a group's tokens stand in the order of the items
    return Groups(table, order, np.cumsum(size) - size, size, contexts, speaker, label)


def make_cells(groups: Groups, *, speaker: Speaker, max_x_across: int | None, seed: int) -> Cells:
    """Make every cell the groups allow; across speakers at most ``max_x_across`` speakers are drawn for X."""
    block = groups.context * (groups.speaker.max() + 1) + groups.speaker
    if speaker == "within":
        a = x = np.flatnonzero(groups.size > 1)
    else:
        a, x = _join(groups.context * (groups.label.max() + 1) + groups.label)
        other = groups.speaker[a] != groups.speaker[x]
        a, x = _draw(a[other], x[other], max_x_across, seed)
    place, b = _match(block[a], block)
    a, x = a[place], x[place]
    kept = groups.label[a] != groups.label[b]
    a, b, x = a[kept], b[kept], x[kept]
    others = groups.size[x] - (1 if speaker == "within" else 0)
    return Cells(a, b, x, groups.size[a] * groups.size[b] * others)


def _codes(table: pd.DataFrame, columns: list[str]) -> Ints:
    return table.groupby(columns, sort=True).ngroup().to_numpy().astype(np.int64)


def _draw(a: Ints, x: Ints, most: int | None, seed: int) -> tuple[Ints, Ints]:
    """Keep at most ``most`` of the pairs with the same ``a``, drawn at random."""
    if not most:
        return a, x
    order = np.lexsort((np.random.default_rng(seed).random(len(a)), a))
    kept = np.sort(order[_rank(a[order]) < most])
    return a[kept], x[kept]


def _join(key: Ints) -> tuple[Ints, Ints]:
    """All ordered pairs of places with the same key, a place with itself too."""
    return _match(key, key)


def _match(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """All pairs of a place in ``left`` and a place in ``right`` with the same key."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    place = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    return place, order[np.repeat(first, count) + within]


def _rank(key: Ints) -> Ints:
    """Rank of each place among those of the same key; ``key`` is sorted."""
    fresh = np.append(True, key[1:] != key[:-1]) if len(key) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(fresh)
    return np.arange(len(key)) - np.repeat(starts, np.diff(np.append(starts, len(key))))
