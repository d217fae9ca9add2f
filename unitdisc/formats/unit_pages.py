"""Units of lines on pages: the glyphs of PAGE, and what is added to PAGE and ALTO files of pages."""

import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from unitdisc.errors import InputError
from unitdisc.files import read_bytes
from unitdisc.formats.line_images import height
from unitdisc.formats.pages.alto_units import units_of_alto
from unitdisc.formats.pages.page_units import units_of_page
from unitdisc.formats.text import read_number
from unitdisc.formats.unit_runs import UnitRuns, names_of
from unitdisc.formats.unit_times import Growing, plain_names
from unitdisc.guard import foreign


def read_unit_pages(files: list[Path], path: Path) -> list[UnitRuns]:
    """Read the units of page files as we export them; times in columns.

    In the files of pages of a corpus, PAGE or ALTO, those are the lines that have units, by the names of their
    utterances. In PAGE of one line image each, the utterance is the name in the line's ``custom``, or that of the
    file. Raises InputError naming the file.
    """
    found = []
    for name, file in zip(plain_names(names_of(files, path)), files, strict=True):
        root = _root(file)
        lines = list(_lines_of(root, file))
        found += lines or [_page(root, file, name)]
    return found


def _lines_of(root: ElementTree.Element, file: Path) -> Iterator[UnitRuns]:
    """Yield the units that were added to lines of a page."""
    is_alto = root.tag.rpartition("}")[2] == "alto"
    for name, units, columns in units_of_alto(root) if is_alto else units_of_page(root):
        edges = [read_number(column, file, 1) for column in columns if column]
        if len(edges) != len(units) + 1 or sorted(edges) != edges:
            raise InputError(f"has {len(units)} units of {name!r} and {len(edges)} edges of columns", file)
        growing = Growing(None)
        for unit, start, end in zip(units, edges, edges[1:], strict=False):
            growing.add(unit, start, end, file, None)
        yield growing.runs(name)


def _page(root: ElementTree.Element, file: Path, name: str) -> UnitRuns:
    """Return the units of the one line of a PAGE file."""
    page = root.find("{*}Page")
    width, rows = (int(size) if size.isascii() and size.isdecimal() and len(size) <= 9 else 0 for size in _size(page))
    if page is None or width < 1 or rows < 1:
        raise InputError("is not a PAGE file", file)
    lines = page.findall(".//{*}TextLine")
    if len(lines) != 1:
        raise InputError(f"has {len(lines)} text lines, where units have one per file", file)
    custom = re.search(r"utterance \{name:(.*);\}", lines[0].get("custom", ""))
    growing = Growing(None)
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
