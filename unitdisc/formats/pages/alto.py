"""ALTO, versions 2 to 4, as eScriptorium, kraken, Transkribus and ABBYY write it.

Schemas: https://www.loc.gov/standards/alto/.
"""

import numpy as np

from unitdisc.arrays import Floats
from unitdisc.errors import InputError
from unitdisc.formats.pages.alto_units import is_added
from unitdisc.formats.pages.elements import (
    Placed,
    descend,
    in_reading_order,
    measure,
    number,
    points_of,
    references,
    size_of,
    text_lines,
    writers,
)
from unitdisc.formats.pages.line import Page, PageLine, nowhere
from unitdisc.formats.xml_element import Element


def read_alto(root: Element, where: str) -> list[Page]:
    """Return the pages of an alto element; ``where`` is its file, for errors.

    Raises InputError where there is no page.
    """
    about = {element.tag: element.text.strip() for child in root.each("Description") for element, _ in descend(child)}
    pages = [page for layout in root.each("Layout") for page in layout.each("Page")]
    if not pages:
        raise InputError("has no Page", where, root.line)
    order = [group for each in root.each("ReadingOrder") for group in each.children]
    listed, first, found = references(order, "REF"), 0, list[Page]()
    for page in pages:
        placed = [Placed(line.element, line.around, first + line.number) for line in text_lines(page)]
        first += len(placed)
        lines, faults = dict[int, PageLine](), dict[str, InputError]()
        for line in placed:
            try:
                lines[line.number] = _line(line)
            except InputError as error:
                faults[line.id("ID")] = InputError(f"line {line.id('ID')!r} {error}", where, line.element.line)
        found.append(
            Page(
                about.get("fileName", ""),
                size_of(page, "WIDTH", "HEIGHT"),
                in_reading_order(lines, placed, listed, "ID"),
                faults,
                writer=_writer(root),
                frame=_frame(page) if len(pages) > 1 else 0,
                pixels=about.get("MeasurementUnit", "pixel") in ("pixel", ""),
            )
        )
    return found


def _line(line: Placed) -> PageLine:
    element = line.element
    box = _box(element)
    region = next((each.attributes["ID"] for each in reversed(line.around) if "ID" in each.attributes), "")
    outline = [polygon for shape in element.each("Shape") for polygon in shape.each("Polygon")]
    polygon = points_of(outline[0].attributes.get("POINTS", "")) if outline else nowhere
    return PageLine(
        line.id("ID"),
        polygon if len(polygon) >= 3 else box,
        _baseline(element.attributes.get("BASELINE", ""), box),
        _text(element),
        region,
        number=line.number,
        at=element.line,
        has_units=any(is_added(string) for string in element.each("String")),
    )


def _box(element: Element) -> Floats:
    """Return the corners (4, 2) of the first and the last pixels of a line, or none."""
    values = [measure(element, name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    sides = [value for value in values if value is not None]
    if len(sides) < 4 or min(sides[2:]) <= 0:
        return nowhere
    left, top, width, height = sides
    right, bottom = left + max(width - 1, 0.0), top + max(height - 1, 0.0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _baseline(text: str, box: Floats) -> Floats:
    """Return the points of a baseline; until version 4.1 it is a number, the row that a straight one is in."""
    if number.fullmatch(text.strip()):
        return np.column_stack([box[:2, 0], np.full(2, float(text))]) if len(box) else nowhere
    return points_of(text)


def _text(line: Element) -> str:
    """Return the text of a line: its words, spaces and hyphens, without units and without spaces alone."""
    parts = []
    own = [element for element in line.children if not is_added(element)]
    for element in own:
        match element.tag:
            case "String" | "HYP":
                parts.append(element.attributes.get("CONTENT", ""))
            case "SP":
                parts.append(" ")
    spaced = any(element.tag == "SP" for element in own)
    text = ("" if spaced else " ").join(parts)
    return text if text.strip() else ""


def _frame(page: Element) -> int:
    text = page.attributes.get("PHYSICAL_IMG_NR", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _writer(root: Element) -> str:
    """Return who wrote the page by its tags: the label of one whose type is such as scribe."""
    tags = (tag for each in root.each("Tags") for tag in each.children)
    found = (
        tag.attributes.get("LABEL", "") for tag in tags if tag.attributes.get("TYPE", "").strip().lower() in writers
    )
    return next(found, "").strip()
