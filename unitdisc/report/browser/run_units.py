"""The units of a run, read from its tables as they are needed, and in parts small enough to be counted at once."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints, Mask
from unitdisc.checksums import checked
from unitdisc.config import splits
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.records import UnitSequence
from unitdisc.report.browser.windows import Windows
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.scores.discovery.alignment import Alignment, align
from unitdisc.tokens import agreeing, stacked

part_tokens = 200_000  # that are counted at once; utterances are never split


class RunUnits(Mapping[str, UnitSequence]):
    """The sequences of all splits of a run by utterance; to be closed as files are."""

    def __init__(self, run: RunResults) -> None:
        self._stack = ExitStack()
        self._table: dict[str, UnitIndex] = {}  # of an utterance in several splits the last
        with ExitStack() as stack:
            for path in (run.files.units(split) for split in splits):
                if path.exists():
                    index = stack.enter_context(UnitIndex(checked(path)))
                    self._table.update(dict.fromkeys(index, index))
            self._stack = stack.pop_all()

    def __enter__(self) -> "RunUnits":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, utterance: str) -> UnitSequence:
        return self._table[utterance][utterance]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Tokens (T,) of some utterances: units, label (-1: none), place in a corpus, and whether stretches begin there.

    ``units`` and ``begins`` are (T, G), a column for each of G codebooks; one where a token has a single unit.
    ``shift`` is that between tokens, ``utterance`` the number of the utterance, ``time`` the middle of the token from
    its start, in seconds or columns, and ``window`` the one that it lies in.
    """

    units: Ints
    label: Ints
    shift: NDArray[np.float64]
    utterance: Ints
    time: NDArray[np.float64]
    window: Ints
    begins: Mask


class Parts:
    """The tokens of a run with their labels in parts, as often as they are asked for; one part alone is kept."""

    def __init__(self, corpus: CorpusResults, units: RunUnits, windows: Windows, vocabulary: pd.Index) -> None:
        self._corpus, self._units, self._windows, self._vocabulary = corpus, units, windows, vocabulary
        self.indices: int | None = None  # of a token
        self.used: list[Ints] = []  # the units in use of each codebook
        shifts: list[float] = []
        self._names: list[list[str]] = []
        for batch in self._batches():
            self._names.append(list(batch))
            shifts += [sequence.frame_shift for sequence in batch.values()]
            self._use(stacked(sequence.units for sequence in batch.values()))
        self.shift = float(np.median(shifts)) if shifts else float("nan")  # of most utterances
        self._only = [self._part(self._names[0])] if len(self._names) == 1 else None

    def __iter__(self) -> Iterator[Part]:
        return iter(self._only) if self._only is not None else map(self._part, self._names)

    def _use(self, units: Ints) -> None:
        """Add the units of a batch to those in use."""
        columns = units.T if units.ndim == 2 else units[None]
        known = self.used or [np.zeros(0, dtype=np.int64)] * len(columns)
        self.used = [np.union1d(used, column) for used, column in zip(known, columns, strict=True)]

    def _batches(self) -> Iterator[dict[str, UnitSequence]]:
        batch: dict[str, UnitSequence] = {}
        tokens = 0
        for name in self._units:
            if name in self._windows.utterances and len((sequence := self._units[name]).units):
                self.indices = agreeing(sequence.units, self.indices, name, None, None)
                batch[name] = sequence
                tokens += len(sequence.units)
                if tokens >= part_tokens:
                    yield batch
                    batch, tokens = {}, 0
        if batch:
            yield batch

    def _part(self, names: list[str]) -> Part:
        labels = self._corpus.labels.frame(names).sort_values("start", kind="stable")
        aligned = align({name: self._units[name] for name in names}, labels, self._vocabulary)
        index = self._windows.utterances.get_indexer(pd.Index(aligned.utterances)).astype(np.int64)
        utterance, time = index[aligned.owner], _times(aligned)
        units = aligned.unit[:, None] if aligned.choices is None else aligned.choices
        return Part(
            units=units,
            label=aligned.label,
            shift=aligned.shift[aligned.owner],
            utterance=utterance,
            time=time,
            window=self._windows.find(utterance, time),
            begins=_begins(units, aligned.owner),
        )


def _times(aligned: Alignment) -> NDArray[np.float64]:
    """Return the middle of each token from the start of its utterance, in seconds or columns."""
    before = np.cumsum(aligned.tokens) - aligned.tokens
    index = np.arange(len(aligned.owner)) - before[aligned.owner]
    middle: NDArray[np.float64] = (index + 0.5) * aligned.shift[aligned.owner]
    return middle


def _begins(units: Ints, owner: Ints) -> Mask:
    """Return whether a stretch begins (T, G): another unit (T, G) or another ``owner`` (T,) than the token before."""
    differs = (units[1:] != units[:-1]) | (owner[1:] != owner[:-1])[:, None]
    return np.concatenate([np.ones((1, units.shape[1]), dtype=bool), differs])
