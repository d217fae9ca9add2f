"""A units table whose sequences are read from the file when they are asked for, so that it need not fit in memory."""

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

from unitdisc import tokens
from unitdisc.errors import InputError
from unitdisc.files import decode
from unitdisc.formats.text import read_number
from unitdisc.records import UnitSequence
from unitdisc.unit_rows import unit_sequence

columns = ("utterance", "frame_shift", "units")


class UnitIndex(Mapping[str, UnitSequence]):
    """The sequences of a units table by utterance, in the order of the file; to be closed as a file is.

    Raises InputError naming file and line as ``tables.read_units`` does: for an utterance that occurs twice when it is
    opened, for a row that is malformed when it is read.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError("no such file", path)
        self._path, self._file = path, path.open("rb")
        self._offsets = array("q")  # of every line after the header
        self._row: dict[str, int] = {}
        self._indices: int | None = None  # of a token, as those read so far have it
        try:
            self._header = decode(self._file.readline(), path).rstrip("\r\n").split("\t")
            for name in columns:
                if name not in self._header:
                    raise InputError(f"has no column {name!r}, only {', '.join(self._header)}", path, 1)
            self._find_rows()
        except InputError:
            self._file.close()
            raise

    def __enter__(self) -> "UnitIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __getitem__(self, utterance: str) -> UnitSequence:
        row = self._row[utterance]
        self._file.seek(self._offsets[row])
        cells = self._cells(self._file.readline(), row + 2)
        name, shift, units = (cells[self._header.index(column)] for column in columns)
        grid = cells[self._header.index("grid")] if "grid" in self._header else ""
        place = self._path, row + 2
        sequence = unit_sequence(name, read_number(shift, *place), units, *place, grid=grid)
        self._indices = tokens.agreeing(sequence.units, self._indices, name, *place)
        return sequence

    def _find_rows(self) -> None:
        column, offset = self._header.index("utterance"), self._file.tell()
        for row, raw in enumerate(self._file):
            self._offsets.append(offset)
            offset += len(raw)
            if raw.strip(b"\r\n"):
                cells = raw.split(b"\t", column + 1)
                name = (
                    decode(cells[column], self._path) if len(cells) > column + 1 else self._cells(raw, row + 2)[column]
                )
                if name in self._row:
                    raise InputError(f"utterance {name!r} occurs twice", self._path, row + 2)
                self._row[name] = row

    def _cells(self, raw: bytes, line: int) -> list[str]:
        cells = decode(raw, self._path).rstrip("\r\n").split("\t")
        if len(cells) != len(self._header):
            raise InputError(f"has {len(cells)} fields where the header has {len(self._header)}", self._path, line)
        return cells
