"""Page files of either dialect, told apart by their root."""

from collections.abc import Sequence

from unitdisc.choices import PageFormat
from unitdisc.errors import InputError
from unitdisc.formats.pages.alto import read_alto
from unitdisc.formats.pages.completion import completed
from unitdisc.formats.pages.line import Page, PageLine
from unitdisc.formats.pages.page_xml import read_page
from unitdisc.formats.xml_element import parse_xml

most_elements = 2_000_000  # of a file: a page with every glyph of a newspaper has a tenth of it


def read_pages(content: bytes, where: str) -> tuple[PageFormat | None, list[Page]]:
    """Return the format of the XML that ``where`` holds, and its pages, their lines ``completed``.

    For an XML of another kind, that is None and no pages. Raises InputError naming the file for what is no XML, or has
    no page.
    """
    root = parse_xml(content, where, "XML that can be read", most=most_elements)
    match root.tag:
        case "PcGts":
            return "page", [completed(read_page(root, where), where)]
        case "alto":
            return "alto", [completed(page, where) for page in read_alto(root, where)]
    return None, []


def find_line(pages: Sequence[Page], name: str, where: str) -> tuple[Page, PageLine]:
    """Return the line of an id and its page; raises InputError where there is none, or it cannot be read."""
    for page in pages:
        if name in page.faults:
            raise page.faults[name]
        for line in page.lines:
            if line.id == name:
                return page, line
    raise InputError(f"has no line {name!r}", where, fix="read the corpus again: unitdisc corpus --help")
