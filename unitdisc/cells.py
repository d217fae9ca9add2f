"""The cells of a table, as text and as numbers."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from unitdisc.errors import InputError

type_names = {str: "text", float: "a number", int: "a whole number"}


def parse(cells: list[str], kind: type, name: str, path: Path, line: int) -> Any:
    """Return the cells of a column ``name`` as values of a ``kind``, an empty cell as nan; the first is in this line.

    Raises InputError naming file and line for one that is none.
    """
    if kind is str:
        return cells
    try:
        return np.array([cell or "nan" for cell in cells] if kind is float else cells, dtype=kind)
    except (ValueError, OverflowError):
        number, cell = next((n, c) for n, c in enumerate(cells, start=line) if not _fits(c, kind))
        raise InputError(f"{name} {cell!r} is not {type_names[kind]}", path, number) from None


def _fits(cell: str, kind: type) -> bool:
    with suppress(ValueError, OverflowError):
        return bool(len(np.array([cell or "nan" if kind is float else cell], dtype=kind)))
    return False
