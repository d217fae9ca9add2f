"""The first pass over a split: which utterances, units and labels there are, and how often units meet labels."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc import tokens
from unitdisc.arrays import Ints
from unitdisc.scores.discovery.alignment import align
from unitdisc.scores.discovery.pairs import PairCounter, Pairs
from unitdisc.scores.discovery.sources import Source


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The units (K,) that occur, in order, and how many tokens have each of them with each label."""

    units: Ints
    pairs: Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """The utterances (U,) of a split, its units, and the names of the labels that it has.

    Where a token has an index of each of several codebooks, its unit is their joint number, and ``codebooks`` has what
    is seen of each alone.
    """

    utterances: list[str]
    names: set[str]
    seen: Seen
    codebooks: tuple[Seen, ...] = ()


class _Seeing:
    """What is seen of units that come in parts."""

    def __init__(self) -> None:
        self._units: Ints = np.zeros(0, dtype=np.int64)
        self._counter = PairCounter()

    def add(self, unit: Ints, label: Ints, vocabulary: pd.Index) -> None:
        """Add tokens (T,) with their labels, -1 for none."""
        self._units = np.union1d(self._units, unit)
        self._counter.add(unit, label, vocabulary)

    def seen(self) -> Seen:
        """Return what was added."""
        return Seen(self._units, self._counter.pairs())


def overview_of(split: Source) -> Overview:
    """Read a split once; raises InputError as ``align`` does, and where tokens differ in their number of indices."""
    utterances: list[str] = []
    names = set(split.labels_elsewhere)
    whole, codebooks, indices = _Seeing(), list[_Seeing](), None
    for part, labels in split.blocks():
        utterances += part
        vocabulary = pd.Index(sorted(labels["label"].unique()), dtype="str")
        names.update(vocabulary)
        for name, sequence in part.items():
            indices = tokens.agreeing(sequence.units, indices, name, None, None)
        alignment = align(part, labels, vocabulary)
        whole.add(alignment.unit, alignment.label, vocabulary)
        if alignment.choices is not None:
            codebooks = codebooks or [_Seeing() for _ in range(alignment.choices.shape[1])]
            for codebook, choice in zip(codebooks, alignment.choices.T, strict=True):
                codebook.add(choice, alignment.label, vocabulary)
    return Overview(utterances, names, whole.seen(), tuple(each.seen() for each in codebooks))
