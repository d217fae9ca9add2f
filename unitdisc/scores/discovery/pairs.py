"""How often units and labels meet, as a list of pairs: there may be as many units as tokens."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.scores.discovery import mapping

dense_cells = 10_000_000  # of a table of units and labels that is in memory


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs (P,) of a ``unit`` and a ``label``, a number in ``names``, in order, and how many tokens have both."""

    unit: Ints
    label: Ints
    count: Ints
    names: tuple[str, ...] = ()

    def scored(self, units: Ints, vocabulary: pd.Index, scored: NDArray[np.bool_]) -> "Pairs":
        """Return the pairs by the codes of units and labels, without labels that are not ``scored`` (labels + 1,)."""
        unit = np.searchsorted(units, self.unit)
        label = vocabulary.get_indexer(pd.Index(self.names, dtype="str"))[self.label].astype(np.int64)
        kept = scored[label]
        return merged(Pairs(unit[kept], label[kept], self.count[kept], tuple(vocabulary)))

    def many_to_one(self, units: int) -> Ints:
        """Map each of ``units`` to its most frequent label, as ``mapping.many_to_one`` does with a table."""
        totals = self._totals()
        rank = np.empty(len(totals), dtype=np.int64)
        order = np.argsort(-totals, kind="stable")
        rank[order] = np.arange(len(totals))
        best = np.full(units, order[0], dtype=np.int64)
        by_unit = np.lexsort((-rank[self.label], self.count, self.unit))  # the best label of a unit comes last
        best[self.unit[by_unit]] = self.label[by_unit]
        return best

    def one_to_one(self, units: int) -> Ints:
        """Map units and labels one to one; of very many units, those are tried that meet a label most often.

        With L labels, the L units that meet a label most often suffice for the largest number of tokens.
        """
        labels = len(self.names)
        codes = np.arange(units) if units * labels <= dense_cells else self._frequent(labels)
        table = np.zeros((len(codes), labels), dtype=np.int64)
        row = np.searchsorted(codes, self.unit)
        known = codes[np.minimum(row, len(codes) - 1)] == self.unit
        table[row[known], self.label[known]] = self.count[known]
        mapped = np.full(units, -1, dtype=np.int64)
        mapped[codes] = mapping.one_to_one(table)
        return mapped

    def majority(self) -> int:
        """Return the most frequent label; on ties, the first."""
        return int(self._totals().argmax())

    def best(self) -> int:
        """Return how many tokens have the most frequent label of their unit."""
        starts = np.flatnonzero(np.diff(self.unit, prepend=-1))
        return int(np.maximum.reduceat(self.count, starts).sum()) if len(starts) else 0

    def _totals(self) -> Ints:
        return np.bincount(self.label, weights=self.count, minlength=len(self.names)).astype(np.int64)

    def _frequent(self, most: int) -> Ints:
        order = np.lexsort((-self.count, self.label))
        label = self.label[order]
        place = np.arange(len(order)) - np.searchsorted(label, label)
        return np.unique(self.unit[order[place < most]])


def merged(pairs: Pairs) -> Pairs:
    """Return pairs in order, equal ones as one."""
    order = np.lexsort((pairs.label, pairs.unit))
    unit, label, count = pairs.unit[order], pairs.label[order], pairs.count[order]
    starts = np.flatnonzero(np.append(True, (unit[1:] != unit[:-1]) | (label[1:] != label[:-1]))[: len(unit)])
    counts = np.add.reduceat(count, starts) if len(starts) else count
    return Pairs(unit[starts], label[starts], counts, pairs.names)


class PairCounter:
    """Counts pairs that come in parts."""

    def __init__(self) -> None:
        none = np.zeros(0, dtype=np.int64)
        self._names: dict[str, int] = {}
        self._whole, self._parts = Pairs(none, none, none), list[Pairs]()

    def add(self, unit: Ints, label: Ints, vocabulary: pd.Index) -> None:
        """Count tokens (T,) with a unit and a label, a code in the vocabulary; -1 for none is passed over."""
        codes = np.array([self._names.setdefault(name, len(self._names)) for name in vocabulary], dtype=np.int64)
        known = label >= 0
        ones = np.ones(int(known.sum()), dtype=np.int64)
        self._parts.append(merged(Pairs(unit[known], codes[label[known]], ones)))
        if sum(len(part.unit) for part in self._parts) > len(self._whole.unit):
            self._whole, self._parts = self.pairs(), []

    def pairs(self) -> Pairs:
        """Return all pairs."""
        parts = [self._whole, *self._parts]
        unit, label, count = (np.concatenate([getattr(p, k) for p in parts]) for k in ("unit", "label", "count"))
        return merged(Pairs(unit, label, count, tuple(self._names)))
