"""The first pass over a split: which utterances, units and labels there are, and how often units meet labels."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints
from unitdisc.scores.discovery.alignment import align
from unitdisc.scores.discovery.sources import Source


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """The utterances (U,) of a split, the units (K,) in order and the names of the labels that it has.

    ``pairs`` has the number of tokens of each unit and label.
    """

    utterances: list[str]
    units: Ints
    names: set[str]
    pairs: "pd.Series[int]"

    def table(self, units: Ints, vocabulary: pd.Index) -> Ints:
        """Return the contingency table (units, labels) for units and labels that include those of this split."""
        table = np.zeros((len(units), len(vocabulary)), dtype=np.int64)
        unit, label = (self.pairs.index.get_level_values(level) for level in (0, 1))
        table[np.searchsorted(units, unit), vocabulary.get_indexer(label)] = self.pairs
        return table


def overview_of(split: Source) -> Overview:
    """Read a split once; raises InputError as ``align`` does."""
    utterances: list[str] = []
    units = np.zeros(0, dtype=np.int64)
    names = set(split.labels_elsewhere)
    pairs: pd.Series[int] = _counted(units, pd.Index([], dtype="str"))
    for part, labels in split.blocks():
        utterances += part
        vocabulary = pd.Index(sorted(labels["label"].unique()), dtype="str")
        names.update(vocabulary)
        alignment = align(part, labels, vocabulary)
        units = np.union1d(units, alignment.unit)
        known = alignment.label >= 0
        found = _counted(alignment.unit[known], vocabulary[alignment.label[known]])
        pairs = pairs.add(found, fill_value=0).astype(np.int64)
    return Overview(utterances, units, names, pairs)


def _counted(unit: Ints, label: pd.Index) -> "pd.Series[int]":
    return pd.DataFrame({"unit": unit, "label": label}).groupby(["unit", "label"]).size()
