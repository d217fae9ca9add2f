"""Where units and labels come from: memory, or files larger than it. Both give them in blocks of utterances."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.formats.label_table import check
from unitdisc.records import UnitSequence

block_tokens = 100_000  # about 40 MB while they are scored
Block = tuple[dict[str, UnitSequence], pd.DataFrame]


class Source(Protocol):
    """The units and labels of a split."""

    @property
    def labels_elsewhere(self) -> Collection[str]:
        """Names of labels that count as labels of the split, though none of its utterances may have them."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Yield some utterances with their labels, in order; it can be called again."""
        ...


class InMemory:
    """Units and labels (columns utterance, start, end, label) in memory.

    Raises InputError for a missing column, and for labels that overlap.
    """

    def __init__(self, units: Mapping[str, UnitSequence], labels: pd.DataFrame) -> None:
        missing = {"utterance", "start", "end", "label"} - set(labels.columns)
        if missing:
            raise InputError(f"labels have no column {', '.join(sorted(missing))}")
        self.units, self.labels = units, check(labels)

    @property
    def labels_elsewhere(self) -> Collection[str]:
        """The names of all labels, those of other utterances too."""
        return set(self.labels["label"])

    def blocks(self) -> Iterator[Block]:
        """Yield some utterances with their labels."""
        owner = pd.Index(list(self.units)).get_indexer(pd.Index(self.labels["utterance"]))
        order = np.argsort(owner, kind="stable")
        first = 0
        for block in _blocks(self.units.values()):
            start, stop = np.searchsorted(owner[order], [first, first + len(block)])
            first += len(block)
            yield block, self.labels.iloc[order[start:stop]].reset_index(drop=True)


@dataclass(frozen=True, slots=True, eq=False)
class InFiles:
    """Units and labels in tables, of which one block is in memory at a time; ``read`` gives those of ``units``."""

    units: Path
    labels: LabelIndex
    read: Callable[[Path], Iterable[UnitSequence]] = tables.each_unit_sequence

    @property
    def labels_elsewhere(self) -> Collection[str]:
        """No names: labels of other splits do not count."""
        return ()

    def blocks(self) -> Iterator[Block]:
        """Yield some utterances with their labels; raises InputError as the readers of the tables do."""
        for block in _blocks(self.read(self.units)):
            yield block, check(self.labels.frame(block))


def _blocks(sequences: Iterable[UnitSequence]) -> Iterator[dict[str, UnitSequence]]:
    """Yield runs of utterances with about ``block_tokens`` tokens; at least one, even if it is empty."""
    block: dict[str, UnitSequence] = {}
    tokens, some = 0, False
    for sequence in sequences:
        if block and tokens + len(sequence.units) > block_tokens:
            yield block
            block, tokens, some = {}, 0, True
        block[sequence.utterance] = sequence
        tokens += len(sequence.units)
    if block or not some:
        yield block
