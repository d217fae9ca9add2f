"""Units with times: CTM, and the tier of units in TextGrids."""

import re
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.ctm import read_ctm
from unitdisc.formats.textgrid import all_tiers
from unitdisc.formats.unit_runs import UnitRuns, largest, names_of

tier_name = "units"
escaped = re.compile(r"%(25|2F|2E)")  # what our exports write in file names for '%', '/' and an initial '.'


class Growing:
    """The units of an utterance and their times, as they are read."""

    def __init__(self, line: int | None) -> None:
        self.line, self.units, self.start, self.end = line, array("q"), array("d"), array("d")

    def add(self, text: str, start: float, end: float, path: Path, line: int | None) -> None:
        """Add the unit that a text stands for, from ``start`` to ``end``; raises InputError for another text."""
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest)) and int(text) <= largest):
            raise InputError(f"{text!r} is not a unit: a whole number from 0 to {largest}", path, line)
        self.units.append(int(text))
        self.start.append(start)
        self.end.append(end)

    def runs(self, utterance: str) -> UnitRuns:
        """Return the units of an utterance with their times."""
        units, start, end = (np.array(each) for each in (self.units, self.start, self.end))
        order = np.argsort(start, kind="stable")
        return UnitRuns(utterance, units[order].astype(np.int64), self.line, start=start[order], end=end[order])


def read_unit_ctm(path: Path) -> list[UnitRuns]:
    """Read a CTM whose labels are units; raises InputError naming file and line."""
    growing: dict[str, Growing] = {}
    for row in read_ctm(path):
        unit = growing.setdefault(row.utterance, Growing(row.line))
        unit.add(row.label, row.start, row.end, path, row.line)
    return [each.runs(utterance) for utterance, each in growing.items()]


def read_unit_textgrids(files: list[Path], path: Path) -> list[UnitRuns]:
    """Read the tier ``units``, or the only interval tier, of TextGrids named after their utterances.

    Raises InputError naming file and line.
    """
    runs = []
    for name, file in zip(plain_names(names_of(files, path)), files, strict=True):
        tiers = all_tiers(file)
        tier = next((t for t in tiers if t.name == tier_name), tiers[0] if len(tiers) == 1 else None)
        if tier is None:
            present = ", ".join(repr(t.name) for t in tiers) or "none"
            raise InputError(f"has no tier named {tier_name}, but {present}", file)
        growing = Growing(None)
        for interval in tier.intervals:
            if interval.text.strip():
                growing.add(interval.text.strip(), interval.start, interval.end, file, interval.line)
        runs.append(growing.runs(name))
    return runs


def plain_names(names: Iterable[str]) -> list[str]:
    """Undo what our exports write in file names for characters that these cannot have."""
    return [escaped.sub(lambda code: chr(int(code[1], 16)), name) for name in names]
