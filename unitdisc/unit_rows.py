"""A row of a units table: from a unit sequence to its cells, and back."""

from pathlib import Path

import numpy as np

from unitdisc import tokens
from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.records import UnitGridRow, UnitRow, UnitSequence


def unit_sequence(
    name: str, shift: float, units: str | Ints, path: str | Path, line: int, *, grid: str = ""
) -> UnitSequence:
    """Return the sequence of a row of a units table; raises InputError naming file and line, as ``read_units``."""
    if not 0 < shift < np.inf:
        raise InputError(f"frame_shift {shift:g} is not above 0", path, line)
    read = tokens.parsed(units, name, path, line) if isinstance(units, str) else units
    of_image = tokens.fitting(tokens.read_grid(grid, name, path, line), len(read), name, path, line) if grid else None
    return UnitSequence(name, float(shift), read, of_image)


def unit_row(sequence: UnitSequence, record: type[UnitRow]) -> UnitRow:
    """Return the row of a sequence; raises ValueError for a grid where the ``record`` has no column for one."""
    cells = sequence.utterance, sequence.frame_shift, tokens.text(sequence.units)
    if record is UnitGridRow:
        return UnitGridRow(*cells, tokens.grid_text(sequence.grid))
    if sequence.grid is not None:
        raise ValueError(f"{sequence.utterance!r} has a grid, and the first sequence of the table has none")
    return UnitRow(*cells)
