"""Units with times: CTM, the tier of units in TextGrids, and the glyphs of PAGE."""

import re
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

import numpy as np

from unitdisc.errors import InputError
from unitdisc.files import read_bytes
from unitdisc.formats.ctm import read_ctm
from unitdisc.formats.line_images import height
from unitdisc.formats.textgrid import all_tiers
from unitdisc.formats.unit_runs import UnitRuns, largest, names_of
from unitdisc.guard import foreign

tier_name = "units"
escaped = re.compile(r"%(25|2F|2E)")  # what our exports write in file names for '%', '/' and an initial '.'


class _Growing:
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
    growing: dict[str, _Growing] = {}
    for row in read_ctm(path):
        unit = growing.setdefault(row.utterance, _Growing(row.line))
        unit.add(row.label, row.start, row.end, path, row.line)
    return [each.runs(utterance) for utterance, each in growing.items()]


def read_unit_textgrids(files: list[Path], path: Path) -> list[UnitRuns]:
    """Read the tier ``units``, or the only interval tier, of TextGrids named after their utterances.

    Raises InputError naming file and line.
    """
    runs = []
    for name, file in zip(_plain(names_of(files, path)), files, strict=True):
        tiers = all_tiers(file)
        tier = next((t for t in tiers if t.name == tier_name), tiers[0] if len(tiers) == 1 else None)
        if tier is None:
            present = ", ".join(repr(t.name) for t in tiers) or "none"
            raise InputError(f"has no tier named {tier_name}, but {present}", file)
        growing = _Growing(None)
        for interval in tier.intervals:
            if interval.text.strip():
                growing.add(interval.text.strip(), interval.start, interval.end, file, interval.line)
        runs.append(growing.runs(name))
    return runs


def read_unit_pages(files: list[Path], path: Path) -> list[UnitRuns]:
    """Read the units of PAGE files as we export them: one line image each, whose glyphs are units; times in columns.

    The utterance is the name in the line's ``custom``, or that of the file. Raises InputError naming the file.
    """
    return [_page(file, name) for name, file in zip(_plain(names_of(files, path)), files, strict=True)]


def _page(file: Path, name: str) -> UnitRuns:
    page = _root(file).find("{*}Page")
    width, rows = (int(size) if size.isascii() and size.isdecimal() and len(size) <= 9 else 0 for size in _size(page))
    if page is None or width < 1 or rows < 1:
        raise InputError("is not a PAGE file", file)
    lines = page.findall(".//{*}TextLine")
    if len(lines) != 1:
        raise InputError(f"has {len(lines)} text lines, where units have one per file", file)
    custom = re.search(r"utterance \{name:(.*);\}", lines[0].get("custom", ""))
    growing = _Growing(None)
    starts = []
    for glyph in lines[0].iterfind(".//{*}Glyph"):
        texts = sorted(glyph.findall("{*}TextEquiv"), key=lambda text: text.get("index", "0"))
        starts.append(_left(glyph, file) * height / rows)
        growing.add((texts[0].findtext("{*}Unicode") or "") if texts else "", starts[-1], 0.0, file, None)
    growing.end = array("d", [*starts[1:], width * height / rows][: len(starts)])
    spelt = custom and re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), custom[1])
    return growing.runs(spelt or name)


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type before its entities, which could grow without end; PAGE has none."""

    def doctype(self, *_: object) -> NoReturn:
        """Raise ValueError."""
        raise ValueError("it has a DOCTYPE")


def _root(file: Path) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_WithoutDoctype())  # noqa: S314 (see above)
    content = read_bytes(file)
    with foreign("is not a PAGE file", file):
        return ElementTree.fromstring(content, parser=parser)  # noqa: S314


def _size(page: ElementTree.Element | None) -> tuple[str, str]:
    return ("", "") if page is None else (page.get("imageWidth", ""), page.get("imageHeight", ""))


def _left(glyph: ElementTree.Element, file: Path) -> int:
    coords = glyph.find("{*}Coords")
    try:
        return min(int(point.split(",")[0]) for point in ("" if coords is None else coords.get("points", "")).split())
    except ValueError:
        raise InputError("has a glyph without coordinates", file) from None


def _plain(names: Iterable[str]) -> list[str]:
    """Undo what our exports write in file names for characters that these cannot have."""
    return [escaped.sub(lambda code: chr(int(code[1], 16)), name) for name in names]
