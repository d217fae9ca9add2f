"""A table of labels whose rows are read from the file when they are asked for, so that it need not fit in memory."""

import sys
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Label
from unitdisc.tables import Block

if TYPE_CHECKING:
    import pandas as pd

columns = ("utterance", "start", "end", "label")


class LabelIndex(Mapping[str, list[Label]]):
    """The labels of a table by utterance, in the order of the file, without those to ``ignore``; none without a path.

    ``counts`` has the number of labels by their text. In a ``with`` block the file stays open, for many utterances.
    Raises InputError naming file and line as ``tables.read`` does.
    """

    def __init__(self, path: Path | None, ignore: Collection[str] = ()) -> None:
        self._path, self._ignore = path, frozenset(ignore)
        self._file: BinaryIO | None = None
        self.counts: Counter[str] = Counter()
        self._starts, self._ends = array("q"), array("q")  # of stretches of rows of one utterance, in bytes
        self._first: dict[str, int] = {}
        self._more: dict[str, list[int]] = {}  # further stretches of an utterance whose rows do not follow one another
        self._last = ""
        if path is not None:
            with tables.opened(path) as file:
                self._header = tables.read_header(file, Label, path)
            for block in tables.blocks(path, Label):
                self._add(block)

    def __enter__(self) -> "LabelIndex":
        self._file = None if self._path is None else tables.opened(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __getitem__(self, utterance: str) -> list[Label]:
        text = self._raw([self._first[utterance]], [utterance]).decode().rstrip("\r\n")
        rows = (line.split("\t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        name, start, end, label = (self._header.index(column) for column in columns)
        found = (Label(row[name], float(row[start] or "nan"), float(row[end] or "nan"), row[label]) for row in rows)
        return [each for each in found if each.label not in self._ignore]

    def __contains__(self, utterance: object) -> bool:
        return utterance in self._first

    def frame(self, utterances: Iterable[str]) -> "pd.DataFrame":
        """Return the labels of utterances, in their order: utterance, start, end, label; those without have no rows.

        Raises InputError for a table that is not the one of before.
        """
        names = [name for name in utterances if name in self._first]
        raw = self._raw([self._first[name] for name in names], names)
        path = self._path or Path()
        try:
            columns = tables.parsed(raw, self._header, Label, path, 1) if raw else tables.empty(Label)
        except InputError:  # its rows were read before, without an error
            raise InputError("was changed while it was read", path, fix="give the same command again") from None
        table: pd.DataFrame = columns.to_pandas()
        return table[~table["label"].isin(self._ignore)].reset_index(drop=True) if self._ignore else table

    def parts(self, utterances: Sequence[str], at_once: int = 2_000) -> Iterator[tuple[Sequence[str], "pd.DataFrame"]]:
        """Yield some utterances at a time with their labels; see ``frame``."""
        for first in range(0, len(utterances), at_once):
            names = utterances[first : first + at_once]
            yield names, self.frame(names)

    def _raw(self, first: Sequence[int], names: Sequence[str]) -> bytes:
        """Return the rows of utterances, of each of which one knows the ``first`` stretch."""
        if not names or self._path is None:
            return b""
        with nullcontext(self._file) if self._file else tables.opened(self._path) as file:
            whole = [
                each for start, name in zip(first, names, strict=True) for each in (start, *self._more.get(name, ()))
            ]
            return b"".join(self._stretches(file, whole))

    def _stretches(self, file: BinaryIO, stretches: Sequence[int]) -> Iterator[bytes]:
        """Yield rows, those of stretches that follow one another in the file at once."""
        at = 0
        while at < len(stretches):
            start, end = self._starts[stretches[at]], self._ends[stretches[at]]
            at += 1
            while at < len(stretches) and self._starts[stretches[at]] == end:
                end, at = self._ends[stretches[at]], at + 1
            file.seek(start)
            raw = file.read(end - start)
            yield raw if raw.endswith((b"\n", b"\r")) else raw + b"\n"

    def _add(self, block: Block) -> None:
        names = block.columns.column("utterance").combine_chunks().dictionary_encode()
        codes, texts = names.indices.to_numpy(), names.dictionary.to_pylist()
        labels = block.columns.column("label").to_pandas()
        kept = ~labels.isin(self._ignore).to_numpy() if self._ignore else np.ones(len(labels), dtype=bool)
        self.counts.update(labels[kept].value_counts().to_dict())
        places = block.starts()
        first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
        last = np.append(first[1:], len(codes))
        wanted = np.add.reduceat(kept, first) > 0
        for begin, end in zip(first[wanted].tolist(), last[wanted].tolist(), strict=True):
            self._add_stretch(sys.intern(texts[codes[begin]]), int(places[begin]), int(places[end]))

    def _add_stretch(self, name: str, start: int, end: int) -> None:
        if name == self._last and self._ends[-1] == start:  # a block ends inside the utterance
            self._ends[-1] = end
            return
        if name in self._first:
            self._more.setdefault(name, []).append(len(self._starts))
        else:
            self._first[name] = len(self._starts)
        self._starts.append(start)
        self._ends.append(end)
        self._last = name
