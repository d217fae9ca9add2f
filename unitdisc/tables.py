"""Tab-separated tables with a header line, typed by the record they hold, written completely or not at all.

A table's columns are the fields of a frozen dataclass; a table may lack that of a text that is empty by default. Tables
may be larger than memory: they are written row by row and read in blocks.
"""

import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard, TypeVar, cast

import numpy as np

from unitdisc import tokens, unit_rows
from unitdisc.arrays import Ints
from unitdisc.cells import parse
from unitdisc.errors import InputError
from unitdisc.files import holds_nul, writing
from unitdisc.records import UnitGridRow, UnitRow, UnitSequence

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Record = TypeVar("Record")

block_bytes = 2 << 20  # of a table that are read at a time
empty_line = re.compile(rb"\A[\r\n]|\n[\r\n]|\r\r")
frame_rows = 10_000  # of a data frame that are written at a time


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows of a table: their columns, the line of the first one, its place in the file in bytes, and their bytes."""

    columns: "pa.Table"
    line: int
    place: int
    raw: bytes

    def starts(self) -> Ints:
        """Return the place of each row in the file, in bytes, and after them that of the end of the last one."""
        letters = np.frombuffer(self.raw, dtype=np.uint8)
        ends = letters == ord("\n")
        ends[:-1] |= (letters[:-1] == ord("\r")) & ~ends[1:]
        after = np.flatnonzero(ends) + 1
        return self.place + np.concatenate([[0], after, [len(letters)]])[: self.columns.num_rows + 1]


def write(path: str | Path, rows: "Iterable[Any] | pd.DataFrame", record: type) -> None:
    """Write ``rows`` (records, or a data frame with the record's columns) as a table; nan becomes an empty cell.

    Rows are written as they come, so they may be more than fit in memory, unless the record has a text whose column may
    be missing. Raises InputError where a text holds a tab or a line break, which the format cannot represent.
    """
    optional = _optional(record)
    rows = list(rows) if optional and not _is_frame(rows) else rows
    columns = [column for column in _columns(record) if column[0] not in optional or _used(rows, column[0])]
    names = [name for name, _ in columns]
    if _is_frame(rows):
        values = _frame_rows(rows, names)
    else:
        getter = attrgetter(*names)
        values = (getter(row) if len(names) > 1 else (getter(row),) for row in rows)
    writers = [_number if kind is float else str for _, kind in columns]
    with writing(path) as file:
        file.write("\t".join(names) + "\n")
        for row in values:
            line = "\t".join([write(value) for write, value in zip(writers, row, strict=True)])
            if line.count("\t") >= len(names) or "\n" in line or "\r" in line:
                name, value = next(cell for cell in zip(names, row, strict=True) if {*"\t\r\n"} & set(str(cell[1])))
                raise InputError(f"{name} {value!r} holds a tab or a line break", path)
            file.write(line + "\n")


def read(path: str | Path, record: type) -> "pd.DataFrame":
    """Read a table of ``record`` into a data frame with one typed column per field; further columns are ignored.

    Raises InputError naming file and line for a missing file or column, a short row, or a cell of the wrong type.
    """
    import pyarrow as pa

    whole = pa.concat_tables([empty(record), *(block.columns for block in blocks(path, record))])
    frame: pd.DataFrame = whole.to_pandas(split_blocks=True, self_destruct=True)
    return frame


def blocks(path: str | Path, record: type) -> Iterator[Block]:
    """Yield the rows of a table in blocks of some megabytes; see ``read`` for errors."""
    path = Path(path)
    with opened(path) as file:
        header = read_header(file, record, path)
        line, place, blank = 2, file.tell(), b""
        while raw := file.read(block_bytes):
            raw = blank + raw + (b"" if raw.endswith(b"\n") else file.readline())
            content = raw.rstrip(b"\r\n")
            blank = raw[len(content) :]
            if content:  # of the line ends, the first ends its last row; others are empty lines, and none at the end
                end = b"\r\n" if blank.startswith(b"\r\n") else blank[:1]
                blank = blank[len(end) :]
                columns = parsed(content + end, header, record, path, line)
                yield Block(columns, line, place, content + end)
                line, place = line + columns.num_rows, place + len(content + end)


def read_records(path: str | Path, record: type[Record]) -> list[Record]:
    """Read a table into one ``record`` per row; see ``read``."""
    return list(each_record(path, record))


def each_record(path: str | Path, record: type[Record]) -> Iterator[Record]:
    """Yield one ``record`` per row, as the table is read; see ``read`` for errors."""
    for block in blocks(path, record):
        yield from (record(*row) for row in zip(*map(_values, block.columns.columns), strict=True))


def read_units(path: str | Path) -> dict[str, UnitSequence]:
    """Read a units table into one UnitSequence per utterance, in the order of the file.

    Raises InputError naming file and line for an utterance that occurs twice, a frame shift that is not above 0, a unit
    or index that is not a whole number from 0, tokens with different numbers of indices, and a grid that is none or has
    not as many places as there are tokens.
    """
    return {sequence.utterance: sequence for sequence in each_unit_sequence(path)}


def each_unit_sequence(path: str | Path) -> Iterator[UnitSequence]:
    """Yield the sequences of a units table as it is read; see ``read_units`` for errors."""
    seen: set[str] = set()
    indices = None
    with opened(Path(path)) as file:
        record = UnitGridRow if "grid" in _header(file, Path(path)) else UnitRow
    for block in blocks(path, record):
        names, shifts = (block.columns.column(name).to_pylist() for name in ("utterance", "frame_shift"))
        grids = block.columns.column("grid").to_pylist() if record is UnitGridRow else [""] * len(names)
        rows = zip(names, shifts, _units(block), grids, strict=True)
        for line, (name, shift, units, grid) in enumerate(rows, start=block.line):
            if name in seen:
                raise InputError(f"utterance {name!r} occurs twice", path, line)
            seen.add(sys.intern(name))
            sequence = unit_rows.unit_sequence(
                sys.intern(name), np.nan if shift is None else shift, units, path, line, grid=grid
            )
            indices = tokens.agreeing(sequence.units, indices, name, path, line)
            yield sequence


def write_units(path: str | Path, sequences: Iterable[UnitSequence]) -> None:
    """Write one row per unit sequence, as they come: utterance, frame_shift, units separated by spaces.

    Where the first one has a grid, there is a column of that name too.
    """
    rest = iter(sequences)
    first = next(rest, None)
    record = UnitRow if first is None or first.grid is None else UnitGridRow
    write(path, (unit_rows.unit_row(each, record) for each in chain([] if first is None else [first], rest)), record)


def frame(parts: "Sequence[pd.DataFrame]", record: type) -> "pd.DataFrame":
    """Return data frames with a record's columns as one, which has these columns even if there is no part."""
    import pandas as pd

    whole: pd.DataFrame = pd.concat([*parts, *([] if parts else [empty(record).to_pandas()])], ignore_index=True)
    return whole


def empty(record: type) -> "pa.Table":
    """Return the columns of a table without rows."""
    return _schema(record).empty_table()


def _columns(record: type) -> list[tuple[str, type]]:
    return [(field.name, cast(type, field.type)) for field in dataclasses.fields(record)]


def _optional(record: type) -> set[str]:
    return {field.name for field in dataclasses.fields(record) if field.default == ""}


def _is_frame(rows: "Iterable[Any] | pd.DataFrame") -> "TypeGuard[pd.DataFrame]":
    return hasattr(rows, "iloc")  # asked without pandas, which most steps need not import


def _used(rows: "Iterable[Any] | pd.DataFrame", name: str) -> bool:
    return bool((rows[name] != "").any()) if _is_frame(rows) else any(getattr(r, name) for r in rows)


def _schema(record: type) -> "pa.Schema":
    import pyarrow as pa

    types = {str: pa.string(), float: pa.float64(), int: pa.int64()}
    return pa.schema([(name, types[kind]) for name, kind in _columns(record)])


def _frame_rows(frame: "pd.DataFrame", names: list[str]) -> Iterator[tuple[Any, ...]]:
    for first in range(0, len(frame), frame_rows):
        part = frame.iloc[first : first + frame_rows]
        yield from zip(*(part[name].tolist() for name in names), strict=True)


def _number(value: float) -> str:
    return "" if value != value else repr(float(value)).removesuffix(".0")


def _values(column: "pa.ChunkedArray") -> list[Any]:
    """Return the values of a column, equal texts as one object: that of other tables, too."""
    values = column.to_pylist()
    if column.null_count:
        return [np.nan if value is None else value for value in values]
    return list(map(sys.intern, values)) if isinstance(values[0], str) else values


def _units(block: Block) -> Sequence[str | Ints]:
    """Return the units of each row, or the texts of all rows where one is empty or not as we write it."""
    texts = block.columns.column("units").combine_chunks()
    parsed = tokens.parsed_column(texts)
    return texts.to_pylist() if parsed is None else parsed


def _header(file: BinaryIO, path: Path) -> list[str]:
    return _decoded(file.readline().removeprefix(b"\xef\xbb\xbf"), path).rstrip("\r\n").split("\t")


def read_header(file: BinaryIO, record: type, path: Path) -> list[str]:
    """Read the first line of a table; raises InputError where a column of the ``record`` is missing."""
    header = _header(file, path)
    for name, _ in _columns(record):
        if name not in header and name not in _optional(record):
            what = f"has no column {name!r}, only {', '.join(filter(None, header)) or 'an empty line'}"
            raise InputError(what, path, 1)
    return header


def opened(path: Path) -> BinaryIO:
    """Open a table for reading; raises InputError where there is none."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except IsADirectoryError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None


def _decoded(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None


def parsed(raw: bytes, header: list[str], record: type, path: Path, line: int) -> "pa.Table":
    """Return the columns of lines below a ``header``, of which ``line`` is the first; see ``read`` for errors."""
    import pyarrow as pa
    from pyarrow import csv

    schema = _schema(record)
    if b"\0" in raw:
        raise holds_nul(path, line + raw.count(b"\n", 0, raw.index(b"\0")))
    if empty_line.search(raw) or any(kind is int for _, kind in _columns(record)):  # which it reads in its own way
        return _parsed_by_line(raw, header, record, path, line)
    present = [name for name in schema.names if name in header]
    try:
        found = csv.read_csv(
            pa.BufferReader(raw),
            csv.ReadOptions(use_threads=False, column_names=header, block_size=len(raw) + 1),
            csv.ParseOptions(delimiter="\t", quote_char=False),
            csv.ConvertOptions(column_types=schema, include_columns=present, null_values=[""]),
        )
        # Empty texts, whose ends are all 0; pa.repeat would import pandas, and so would pa.table below.
        ends = pa.py_buffer(bytes(4 * (found.num_rows + 1)))
        missing = pa.StringArray.from_buffers(found.num_rows, ends, pa.py_buffer(b""))
        columns = [found[name] if name in present else missing for name in schema.names]
        return pa.Table.from_arrays(columns, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return _parsed_by_line(raw, header, record, path, line)


def _parsed_by_line(raw: bytes, header: list[str], record: type, path: Path, line: int) -> "pa.Table":
    """Do the same one by one: slowly, but able to say what is wrong, and where."""
    import pyarrow as pa

    text = _decoded(raw, path).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    rows = [row.split("\t") for row in text.split("\n")]
    for number, row in enumerate(rows, start=line):
        if len(row) != len(header):
            raise InputError(f"has {len(row)} fields where the header has {len(header)}", path, number)
    cells = {name: [row[at] for row in rows] for at, name in reversed(list(enumerate(header)))}
    columns = [parse(cells.get(name, [""] * len(rows)), kind, name, path, line) for name, kind in _columns(record)]
    return pa.table(columns, schema=_schema(record))
