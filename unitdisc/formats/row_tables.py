"""Tables of any program, row by row: tab-separated, CSV, JSON lines and Parquet, with cells of any type."""

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import read_text
from unitdisc.formats.parquet_files import parquet_names, read_parquet
from unitdisc.formats.text import read_number
from unitdisc.guard import foreign, reason

no_object = "is not a JSON object on a line of its own"
endings = (".tsv", ".tab", ".txt", ".csv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
longest_cell = 2**24  # characters: a cell may hold a long text
csv.field_size_limit(longest_cell)  # of the whole program


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """The columns of a table that were asked for and exist, and the line of each row (its number in Parquet)."""

    path: Path
    columns: Mapping[str, Sequence[object]]
    lines: Sequence[int]
    names: Sequence[str]  # of all columns of the file

    def column(self, name: str) -> Sequence[object]:
        """Return the cells of a column; raises InputError if the table has no such column."""
        if name not in self.columns:
            held = ", ".join(self.names) or "none"
            raise InputError(f"has no column {name!r}; its columns are {held[:200]}", self.path)
        return self.columns[name]

    def optional(self, name: str) -> Sequence[object]:
        """Return the cells of a column, all None if the table does not have it."""
        return self.columns.get(name) or [None] * len(self.lines)


def read_row_table(path: Path, wanted: Collection[str]) -> RowTable:
    """Read the ``wanted`` columns of a table, whose format its ending says.

    Raises InputError naming file and line for what cannot be read: a missing file or other text than UTF-8, a row with
    more or fewer cells than the header, a line that is no JSON object, a column that occurs twice.
    """
    if path.suffix.lower() not in endings:
        raise InputError("the format of the table cannot be inferred from the name", path, fix=f"use {_listed()}")
    match path.suffix.lower():
        case ".parquet" | ".pq":
            return _parquet(path, wanted)
        case ".jsonl" | ".ndjson" | ".json":
            return _objects(path, wanted)
        case ".csv":
            return _of_cells(path, _csv(path), wanted)
    lines = enumerate(read_text(path).split("\n"), start=1)
    return _of_cells(path, [(number, line.split("\t")) for number, line in lines if line], wanted)


def text_of(value: object, name: str) -> str:
    """Return a cell as text, empty for none; whole numbers are names too. Raises InputError for anything else."""
    if value is None or (isinstance(value, str) and (value.isascii() or _is_unicode(value))):
        return (value or "").strip()
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not whole or isinstance(value, bool):
        raise InputError(f"{name} {_shown(value)} is not text")
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def number_of(value: object, name: str) -> float | None:
    """Return a cell as a finite number, None for an empty one; raises InputError for anything else."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InputError(f"{name} {_shown(value)} is not a number")
    try:
        return read_number(value.strip() if isinstance(value, str) else repr(value), "", 0)
    except InputError:
        raise InputError(f"{name} {_shown(value)} is not a number") from None


def _of_cells(path: Path, rows: Sequence[tuple[int, Sequence[str]]], wanted: Collection[str]) -> RowTable:
    """Return the columns of rows whose first is the header."""
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    for line, cells in rows:
        if len(cells) != len(header):
            raise InputError(f"has {len(cells)} fields where the header has {len(header)}", path, line)
    _check_header(header, wanted, path)
    columns = {name: [cells[place] for _, cells in rows[1:]] for place, name in enumerate(header) if name in wanted}
    return RowTable(path, columns, [line for line, _ in rows[1:]], header)


def _csv(path: Path) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    rows, first = [], 1
    try:
        for cells in reader:
            if cells:
                rows.append((first, cells))
            first = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"is not CSV ({reason(error)})", path, first) from None
    return rows


def _objects(path: Path, wanted: Collection[str]) -> RowTable:
    """Return the columns of a file with a JSON object a line."""
    rows, lines, names = [], [], dict[str, None]()
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if text.strip():
            with foreign(no_object, path, number):
                row = json.loads(text)
            if not isinstance(row, dict):
                raise InputError(no_object, path, number)
            names.update(dict.fromkeys(row))
            rows.append({name: row[name] for name in wanted if name in row})
            lines.append(number)
    columns = {name: [row.get(name) for row in rows] for name in wanted if name in names}
    return RowTable(path, columns, lines, list(names))


def _parquet(path: Path, wanted: Collection[str]) -> RowTable:
    names = parquet_names(path)
    _check_header(names, wanted, path)
    table = read_parquet(path, [name for name in names if name in wanted])
    with foreign("cannot be read", path):
        columns = {name: table[name].to_pylist() for name in table.column_names}
    return RowTable(path, columns, range(1, table.num_rows + 1), names)


def _check_header(names: Sequence[str], wanted: Iterable[str], path: Path) -> None:
    for name in wanted:
        if names.count(name) > 1:
            raise InputError(f"names the column {name!r} twice", path, 1)


def _listed() -> str:
    return f"{', '.join(endings[:-1])} or {endings[-1]}"


def _is_unicode(text: str) -> bool:
    """Return whether a text can be written: JSON can hold halves of characters, which cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
