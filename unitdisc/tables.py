"""Tab-separated tables with a header line, typed by the record they hold, written completely or not at all.

A table's columns are the fields of a frozen dataclass; this module does not depend on where the rows come from.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import read_text, writing
from unitdisc.records import UnitRow, UnitSequence

Record = TypeVar("Record")

type_names = {str: "text", float: "a number", int: "a whole number"}


def write(path: str | Path, rows: Iterable[Any] | pd.DataFrame, record: type) -> None:
    """Write ``rows`` (records, or a data frame with the record's columns) as a table; nan becomes an empty cell.

    Raises InputError where a text holds a tab or a line break, which the format cannot represent.
    """
    names = [field.name for field in dataclasses.fields(record)]
    if isinstance(rows, pd.DataFrame):
        frame = rows.loc[:, names]
    else:
        frame = pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    for name, kind in _columns(record):
        if kind is str:
            bad = frame[name].astype(str).str.contains("[\t\r\n]", regex=True)
            if bad.any():
                raise InputError(f"{name} {frame[name][bad].iloc[0]!r} holds a tab or a line break", path)
    with writing(path) as file:
        file.write("\t".join(names) + "\n")
        columns = [_texts(frame[name], kind) for name, kind in _columns(record)]
        file.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def read(path: str | Path, record: type) -> pd.DataFrame:
    """Read a table of ``record`` into a data frame with one typed column per field; further columns are ignored.

    Raises InputError naming file and line for a missing file or column, a short row, or a cell of the wrong type.
    """
    path = Path(path)
    lines = read_text(path).split("\n")
    header = lines[0].rstrip("\r").split("\t")
    rows = [line.rstrip("\r").split("\t") for line in lines[1:]]
    while rows and rows[-1] == [""]:
        rows.pop()
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"has {len(row)} fields where the header has {len(header)}", path, number)
    columns = {}
    for name, kind in _columns(record):
        if name not in header:
            raise InputError(
                f"has no column {name!r}, only {', '.join(filter(None, header)) or 'an empty line'}", path, 1
            )
        index = header.index(name)
        columns[name] = _parse([row[index] for row in rows], kind, name, path)
    return pd.DataFrame(columns)


def read_records(path: str | Path, record: type[Record]) -> list[Record]:
    """Read a table into one ``record`` per row; see ``read``."""
    frame = read(path, record)
    return [record(*row) for row in zip(*(frame[name].tolist() for name in frame.columns), strict=True)]


def read_units(path: str | Path) -> dict[str, UnitSequence]:
    """Read a units table into one UnitSequence per utterance, in the order of the file.

    Raises InputError naming file and line for an utterance that occurs twice, a frame shift that is not above 0, or a
    unit that is not a whole number from 0.
    """
    sequences: dict[str, UnitSequence] = {}
    frame = read(path, UnitRow)
    for line, (name, shift, text) in enumerate(zip(*(frame[c] for c in frame.columns), strict=True), start=2):
        if name in sequences:
            raise InputError(f"utterance {name!r} occurs twice", path, line)
        sequences[name] = unit_sequence(name, shift, text, path, line)
    return sequences


def unit_sequence(name: str, shift: float, text: str, path: str | Path, line: int) -> UnitSequence:
    """Return the sequence of a row of a units table; raises InputError naming file and line, as ``read_units``."""
    if not 0 < shift < np.inf:
        raise InputError(f"frame_shift {shift:g} is not above 0", path, line)
    try:
        units = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(f"a unit of {name!r} is not a whole number", path, line) from None
    if units.size and units.min() < 0:
        raise InputError(f"unit {units.min()} of {name!r} is below 0", path, line)
    return UnitSequence(name, float(shift), units)


def write_units(path: str | Path, sequences: Iterable[UnitSequence]) -> None:
    """Write one row per unit sequence: utterance, frame_shift, units separated by spaces."""
    write(
        path,
        (UnitRow(s.utterance, s.frame_shift, " ".join(map(str, s.units.tolist()))) for s in sequences),
        UnitRow,
    )


def _columns(record: type) -> list[tuple[str, type]]:
    return [(field.name, cast(type, field.type)) for field in dataclasses.fields(record)]


def _texts(column: "pd.Series[Any]", kind: type) -> list[str]:
    if kind is float:
        return ["" if np.isnan(value) else repr(float(value)).removesuffix(".0") for value in column]
    return [str(value) for value in column]


def _parse(cells: list[str], kind: type, name: str, path: Path) -> "pd.Series[Any] | NDArray[Any]":
    if kind is str:
        return pd.Series(cells, dtype="str")
    try:
        return np.array([cell or "nan" for cell in cells] if kind is float else cells, dtype=kind)
    except (ValueError, OverflowError):
        line, cell = next((n, c) for n, c in enumerate(cells, start=2) if not _fits(c, kind))
        raise InputError(f"{name} {cell!r} is not {type_names[kind]}", path, line) from None


def _fits(cell: str, kind: type) -> bool:
    try:
        np.array([cell or "nan" if kind is float else cell], dtype=kind)
    except (ValueError, OverflowError):
        return False
    return True
