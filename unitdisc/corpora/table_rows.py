"""The rows of a table corpus: each an utterance, a recording or a part of one, with what the table says of it."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.formats.row_tables import RowTable, number_of, read_row_table, text_of
from unitdisc.formats.text import is_writable, plain_name, transcript
from unitdisc.formats.utterance_names import name_of_path_text

Column = Literal["path", "utterance", "speaker", "split", "start", "end", "duration", "labels", "text"]
columns: tuple[Column, ...] = get_args(Column)
marks = re.compile("[#:]")  # after which a path goes on with what is in the file
longest = 4096  # characters of a path: no system opens a longer one


@dataclass(frozen=True, slots=True)
class Row:
    """An utterance of a table: its file and, in seconds, the part of it; what the table does not say is None or empty.

    ``spelling`` and ``speaker`` are as the table has them; ``labels`` are the path of a file or what the cell holds;
    ``text`` is the transcript.
    """

    table: Path
    line: int
    utterance: str
    spelling: str
    source: str
    speaker: str
    split: str
    start: float | None
    end: float | None
    duration: float | None
    labels: object
    text: str = ""

    @property
    def is_part(self) -> bool:
        """Whether the utterance is a part of its recording."""
        return self.start is not None or self.end is not None


class Places:
    """The folders in which the paths of a table are looked for; each folder that they lead to is listed once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [str(folder) for folder in folders]
        self._top = f"{folders[0].absolute()}/"
        self._listings: dict[str, frozenset[str]] = {}

    def find(self, text: str) -> str:
        """Return the path that a table names, in the first of the folders that has it.

        It may end in a part of a recording (``#t=``), a member of an archive (``#``) or an entry of one (``:``).
        """
        if not text or text.startswith("/"):
            return text
        for end in (len(text), *(match.start() for match in reversed([*marks.finditer(text, 1, longest)]))):
            for path in self._paths(text[:end]):
                if self._exists(path):
                    return path + text[end:]
        return next(self._paths(text))

    def _paths(self, text: str) -> Iterator[str]:
        return (text if folder == "." else f"{folder}/{text}" for folder in self._folders)

    def inside(self, text: str) -> str:
        """Return a path from the first of the folders on, if it lies there."""
        return text.removeprefix(self._top)

    def _exists(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder or "."))  # noqa: PTH208 (names: fast)
            except (OSError, ValueError):
                self._listings[folder] = frozenset()
        # The second where names differ by more than their bytes say: capitals, composed letters, a path's end in "..".
        return name in self._listings[folder] or os.path.exists(path)  # noqa: PTH110


@dataclass(frozen=True, slots=True)
class Layout:
    """How tables name their columns, which of them are ``wanted``, and the folder of files if it is not the table's."""

    names: Mapping[Column, str]
    wanted: Collection[Column] = columns
    needed: Sequence[Column] = ("path",)
    root: Path | None = None

    def read(self, path: Path, unreadable: Unreadable) -> Iterator[Row]:
        """Yield the rows of a table; those with a cell that cannot be are kept in ``unreadable``.

        Raises InputError for a table that cannot be read, or has no column that is ``needed`` or has a name of its own.
        """
        table = read_row_table(path, {self._name(column) for column in self.wanted})
        for column in self.wanted:
            if column in self.needed or column in self.names:
                table.column(self._name(column))
        yield from self._rows(table, unreadable)

    def _name(self, column: Column) -> str:
        return self.names.get(column, column)

    def _rows(self, table: RowTable, unreadable: Unreadable) -> Iterator[Row]:
        places = Places([*([self.root] if self.root else ()), table.path.parent, Path()])
        cells = [table.optional(self._name(column) if column in self.wanted else "") for column in columns]
        for line, *row in zip(table.lines, *cells, strict=True):
            with unreadable.caught(f"{table.path}:{line}", table.path, line):
                yield self._row(table.path, line, row, places)

    def _row(self, table: Path, line: int, cells: Sequence[object], places: Places) -> Row:
        path, spelling, speaker, split = (text_of(cells[at], self._name(columns[at])) for at in range(4))
        start, end, duration = (number_of(cells[at], self._name(columns[at])) for at in range(4, 7))
        labels = cells[7] or None
        if not path:
            raise InputError("names no file")
        _check_times(start, end, duration)
        if start is not None and end is None and duration is not None:
            end = start + duration
        name = plain_name(spelling) if spelling else _name_of(places.inside(path), start, end)
        if not is_writable(name + speaker):
            raise InputError(f"has a name with characters that cannot be written: {name + speaker!a}")
        labels = places.find(labels.strip()) if isinstance(labels, str) else labels
        text = transcript(cells[8]) if isinstance(cells[8], str) else ""
        source = places.find(path)
        return Row(table, line, name, spelling, source, speaker, split, start, end, duration, labels or None, text)


def _check_times(start: float | None, end: float | None, duration: float | None) -> None:
    first = start or 0.0
    if first < 0:
        raise InputError(f"starts at {first:g} s, before 0")
    if end is not None and end <= first:
        raise InputError(f"ends at {end:g} s, not after its start at {first:g} s")
    if duration is not None and duration <= 0:
        raise InputError(f"has a duration of {duration:g}, not above 0")


def _name_of(path: str, start: float | None, end: float | None) -> str:
    """Return the name by the rule of ``utterance_names``, and of a part with its times in milliseconds."""
    times = [f"{round(1000 * time):07d}" for time in (start, end) if time is not None]
    return "-".join([name_of_path_text(path), *times])
