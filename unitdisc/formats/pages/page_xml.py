"""PAGE XML, from 2010 to 2019, as eScriptorium, kraken, Transkribus, OCR-D and Aletheia write it.

Schemas: http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15 and 2019-07-15.
"""

from math import inf

from unitdisc.arrays import Floats
from unitdisc.errors import InputError
from unitdisc.formats.pages.elements import (
    Placed,
    descend,
    in_reading_order,
    measure,
    points_of,
    references,
    size_of,
    text_lines,
    writers,
)
from unitdisc.formats.pages.line import Page, PageLine, nowhere
from unitdisc.formats.pages.page_units import units_of_word
from unitdisc.formats.xml_element import Element


def read_page(root: Element, where: str) -> Page:
    """Return the page of a PcGts element; ``where`` is its file, for the errors of lines.

    Raises InputError where there is no page.
    """
    page = next(root.each("Page"), None)
    if page is None:
        raise InputError("has no Page", where, root.line)
    placed, faults = text_lines(page), dict[str, InputError]()
    lines = {}
    for line in placed:
        try:
            lines[line.number] = _line(line)
        except InputError as error:
            faults[line.id("id")] = InputError(f"line {line.id('id')!r} {error}", where, line.element.line)
    order = [group for each in page.each("ReadingOrder") for group in each.children]
    listed = references(order, "regionRef")
    size = size_of(page, "imageWidth", "imageHeight")
    image = page.attributes.get("imageFilename", "").strip()
    return Page(image, size, in_reading_order(lines, placed, listed, "id"), faults, writer=_writer(root))


def _line(line: Placed) -> PageLine:
    region = next((each.attributes.get("id", "") for each in reversed(line.around) if "id" in each.attributes), "")
    text, has_units = _transcript(line.element)
    return PageLine(
        line.id("id"),
        _points(line.element, "Coords"),
        _points(line.element, "Baseline"),
        text,
        region,
        number=line.number,
        at=line.element.line,
        has_units=has_units,
    )


def _points(element: Element, tag: str) -> Floats:
    """Return the points of a child, in its attribute or, until 2010, in children of its own."""
    child = next(element.each(tag), None)
    if child is None:
        return nowhere
    if "points" in child.attributes:
        return points_of(child.attributes["points"])
    return points_of(
        " ".join(f"{point.attributes.get('x')},{point.attributes.get('y')}" for point in child.each("Point"))
    )


def _transcript(line: Element) -> tuple[str, bool]:
    """Return the text of a line, or of its words with spaces, and whether it has units, which are no part of that."""
    words = [(word, units_of_word(word)) for word in line.each("Word")]
    added = [units for _, units in words if units is not None]
    text = _text(line)
    if not text.strip() or text in (*added, " ".join(added)):
        text = " ".join(filter(None, (_text(word) for word, units in words if units is None)))
    return text, bool(added)


def _text(element: Element) -> str:
    """Return the first of the alternative texts of an element that is not empty."""
    own = sorted(element.each("TextEquiv"), key=_rank)
    for equivalent in own:
        for form in ("Unicode", "PlainText"):
            text = next((child.text for child in equivalent.each(form)), "")
            if text.strip():
                return text
    return ""


def _rank(equivalent: Element) -> float:
    try:
        rank = measure(equivalent, "index")
    except InputError:
        rank = None
    return inf if rank is None else rank


def _writer(root: Element) -> str:
    """Return who wrote the page by its metadata: an item of the type author, or with a name such as scribe."""
    for metadata in root.each("Metadata"):
        for element, _ in descend(metadata):
            said = element.attributes.get("type", ""), element.attributes.get("name", "")
            if element.tag in ("MetadataItem", "UserAttribute") and writers & {text.strip().lower() for text in said}:
                return element.attributes.get("value", "").strip()
    return ""
