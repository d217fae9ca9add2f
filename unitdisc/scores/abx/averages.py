"""Averages of cells over contexts, then speakers, then pairs of labels, from blocks of cells."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Context
from unitdisc.compiled import compiled
from unitdisc.scores.abx.cells import Cells, Groups


class Averages:
    """The averages of cells over contexts, by speaker within context, of blocks that hold whole pairs of labels."""

    def __init__(self, groups: Groups, context: Context) -> None:
        self._groups, self._context = groups, context
        self._labels, self._speakers = int(groups.label.max()) + 1, int(groups.speaker.max()) + 1
        self._keys: list[Ints] = []
        self._means: list[Floats] = []
        self._cells: list[Ints] = []

    def add(self, cells: Cells, error: Floats) -> None:
        """Average the cells of a block, whose errors (C,) are given."""
        label = self._groups.label
        key = label[cells.a] * self._labels + label[cells.b]
        if self._context == "within":
            key = key * self._speakers + self._groups.speaker[cells.a]
        keys, place = np.unique(key, return_inverse=True)
        self._keys.append(keys)
        self._means.append(mean_by(place, error, len(keys)))
        self._cells.append(np.bincount(place, minlength=len(keys)))

    def pairs(self) -> "pd.Series[float]":
        """Return the error of each ordered pair of labels, label_a and label_b, averaged over speakers too."""
        return self._named(average_speakers(self._table("error", self._means)), "error")

    def cells(self) -> "pd.Series[int]":
        """Return the number of cells of each ordered pair of labels, in the order of ``pairs``."""
        table = self._table("cells", self._cells)
        return self._named(table.groupby(["label_a", "label_b"])["cells"].sum(), "cells")

    def _table(self, name: str, values: list[Floats] | list[Ints]) -> pd.DataFrame:
        key = np.concatenate([np.zeros(0, dtype=np.int64), *self._keys])
        order = np.argsort(key)
        pair = key[order] // (self._speakers if self._context == "within" else 1)
        labels = {"label_a": pair // self._labels, "label_b": pair % self._labels}
        return pd.DataFrame({**labels, name: np.concatenate([np.zeros(0, dtype=np.int64), *values])[order]})

    def _named(self, found: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
        labels = ["label_a", "label_b"]
        names = [self._names(found.index.get_level_values(level).to_numpy()) for level in labels]
        return pd.Series(found.to_numpy(), pd.MultiIndex.from_arrays(names, names=labels), name=name)

    def _names(self, codes: Ints) -> NDArray[np.object_]:
        _, first = np.unique(self._groups.label, return_index=True)
        return np.asarray(self._groups.table["label"].to_numpy(object)[first[codes]])


def average_speakers(means: pd.DataFrame) -> "pd.Series[float]":
    """Average errors of each pair of labels (columns label_a, label_b, error)."""
    return means.groupby(["label_a", "label_b"], observed=True)["error"].mean()


@compiled("float64[::1](int64[::1], float64[::1], int64)")
def mean_by(place: Ints, value: Floats, places: int) -> Floats:
    """Return the mean of the values of each place, summed in their order with Kahan's compensation."""
    total, lost, number = np.zeros(places), np.zeros(places), np.zeros(places)
    for i in range(len(value)):
        p = place[i]
        next_value = value[i] - lost[p]
        new = total[p] + next_value
        lost[p] = new - total[p] - next_value
        total[p] = new
        number[p] += 1
    return total / number
