"""Item files (ZeroSpeech): the tokens that ABX compares, each with label, neighbours' labels and speaker."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from unitdisc.errors import InputError
from unitdisc.files import writing
from unitdisc.formats.text import read_fields

names = {  # column of the file: column of the table
    "#file": "utterance",
    "onset": "onset",
    "offset": "offset",
    "#phone": "label",
    "prev-phone": "previous",
    "next-phone": "next",
    "speaker": "speaker",
}
header = " ".join(names)


most_places = 18  # of a time, before and after the point: with 1e9999999, arithmetic would not end


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A table of utterance, onset, offset, label, previous, next, speaker; onset and offset are Decimals.

    Times are in seconds (speech) or columns (handwriting). ``path`` and ``lines`` give where each row was read.
    """

    table: pd.DataFrame
    path: Path | None = None
    lines: tuple[int, ...] | None = None

    def line(self, row: int) -> int | None:
        """Return the line of the file that a row was read from."""
        return None if self.lines is None else self.lines[row]


def read_items(path: str | Path) -> Items:
    """Read an item file: a header naming the seven columns in any order, then one token per line.

    Raises InputError naming file and line for a header without these names, a line with a different number of fields, a
    time that is not a number, an offset that is not after its onset, and a file without tokens.
    """
    path = Path(path)
    lines = list(read_fields(path))
    columns = lines[0][1] if lines else []
    missing = [name for name in names if columns.count(name) != 1]
    if missing:
        raise InputError(f"has no column {missing[0]!r}", path, 1, f"an item file starts with {header!r}")
    for number, fields in lines[1:]:
        if len(fields) != len(columns):
            raise InputError(f"has {len(fields)} fields where the header has {len(columns)}", path, number)
    numbers = tuple(number for number, _ in lines[1:])
    table = pd.DataFrame({name: [fields[columns.index(key)] for _, fields in lines[1:]] for key, name in names.items()})
    return check_items(Items(table, path, numbers))


def check_items(items: Items) -> Items:
    """Return the items with times as Decimals; raises InputError where they are wrong or there are none."""
    table = items.table
    for key, name in names.items():
        if name not in table:
            raise InputError(f"the items have no column {name!r} ({key!r} in a file)", items.path)
    if table.empty:
        raise InputError("has no tokens", items.path)
    onsets, offsets = (_decimals(items, name) for name in ("onset", "offset"))
    for row, (onset, offset) in enumerate(zip(onsets, offsets, strict=True)):
        if onset < 0 or offset <= onset:
            what = "is below 0" if onset < 0 else f"is not before its offset {offset}"
            raise InputError(f"onset {onset} of {table['utterance'].iloc[row]!r} {what}", items.path, items.line(row))
    return Items(
        table.assign(onset=pd.Series(onsets, index=table.index), offset=pd.Series(offsets, index=table.index)),
        items.path,
        items.lines,
    )


def write_items(path: str | Path, table: pd.DataFrame) -> None:
    """Write items to a file; raises InputError for a text with a space, which the format cannot represent."""
    columns = [table[name].astype(str) for name in names.values()]
    for name, column in zip(names.values(), columns, strict=True):
        bad = column.str.contains(r"\s", regex=True) | (column == "")
        if bad.any():
            raise InputError(f"{name} {column[bad].iloc[0]!r} is empty or holds a space", path)
    with writing(path) as file:
        file.write(header + "\n")
        file.writelines(" ".join(row) + "\n" for row in zip(*columns, strict=True))


def _decimals(items: Items, name: str) -> list[Decimal]:
    numbers = []
    for row, value in enumerate(items.table[name].tolist()):
        number = value if isinstance(value, Decimal) else _decimal(str(value))
        if not _usable(number):
            raise InputError(f"{name} {str(value)!r} is not a number", items.path, items.line(row))
        numbers.append(number)
    return numbers


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text) if len(text) <= 2 * most_places else Decimal("nan")
    except InvalidOperation:
        return Decimal("nan")


def _usable(number: Decimal) -> bool:
    """Return whether a number is finite, with so few places that one can compute with it."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= most_places and number.adjusted() <= most_places
