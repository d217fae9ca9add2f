"""Units in PAGE XML: a word of glyphs is added to a line, and read back."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from unitdisc.errors import InputError
from unitdisc.formats.pages.insertion import Addition, LinePlace, PlacedFile, no_xml
from unitdisc.formats.pages.line_units import LineUnits, Outline, drawn_baseline, mark, outlines
from unitdisc.formats.xml_element import Element as PlainElement

namespace = re.compile(r"http://schema\.primaresearch\.org/PAGE/gts/pagecontent/(\d{4})-\d\d-\d\d")
oldest = 2013  # before, outlines have elements for points, and lines no baseline
unit_comment = "unit"  # what the export of line images says of the text of a glyph
custom = re.compile(rf"{mark} \{{utterance:([^;}}]*); columns:([0-9.,]*);\}}")


def check_page(found: PlacedFile, where: str) -> None:
    """Raise InputError for PAGE from before 2013, to which nothing can be added."""
    versions = [match[1] for value in found.attributes.values() if (match := namespace.fullmatch(value))]
    if versions and int(versions[0]) < oldest:
        what = f"is PAGE of {versions[0]}, which has no place for baselines"
        raise InputError(what, where, fix="convert it to PAGE of 2013 or later")


def page_additions(
    found: PlacedFile, place: LinePlace, own: LineUnits, size: tuple[float, float]
) -> Iterator[Addition]:
    """Yield what is added to a TextLine, and where: a Word with a Glyph per unit, and what the line lacks.

    That is a Baseline, and a TextEquiv where there is no text but that of words or of the units.
    """
    outer = place.last("AlternativeImage", "Coords")
    writing = _Writing(place.prefix, found.indent(place.children[0]) if place.children else "")
    if not place.has("Baseline"):
        points = _points(drawn_baseline(own.line, size))
        yield Addition(outer.end if outer else place.start_end, writing.tag("Baseline", 0, points=points))
    word = _word(found, writing, own, outlines(own, size), place)
    if not place.has("TextEquiv"):
        word += writing.text(own.line.text.strip() or own.text, 0)
    last = place.last("AlternativeImage", "Coords", "Baseline", "Word")
    yield Addition(last.end if last else place.start_end, word)


class _Writing:
    """Elements as text, each with the line break and the blanks that elements beside it have."""

    def __init__(self, prefix: str, indent: str) -> None:
        self.prefix, self.indent = prefix, indent

    def open(self, name: str, depth: int, end: str = "", **attributes: str) -> str:
        """Return a start tag."""
        own = "".join(f" {key}={quoteattr(no_xml.sub(chr(0xFFFD), value))}" for key, value in attributes.items())
        return f"{self.indent}{' ' * depth if self.indent else ''}<{self.prefix}{name}{own}{end}>"

    def tag(self, name: str, depth: int, **attributes: str) -> str:
        """Return an element without content."""
        return self.open(name, depth, "/", **attributes)

    def close(self, name: str, depth: int) -> str:
        """Return an end tag on a line of its own."""
        return f"{self.indent}{' ' * depth if self.indent else ''}</{self.prefix}{name}>"

    def text(self, text: str, depth: int) -> str:
        """Return a TextEquiv."""
        plain = escape(no_xml.sub("\ufffd", text))
        own = f"<{self.prefix}Unicode>{plain}</{self.prefix}Unicode></{self.prefix}TextEquiv>"
        return self.open("TextEquiv", depth) + own


def _word(found: PlacedFile, writing: _Writing, own: LineUnits, drawn: list[Outline], place: LinePlace) -> str:
    """Return the word of the units; its text is that of the line, or none beside other words."""
    stem = found.free_id(f"{own.line.id}-units")
    said = f"{mark} {{utterance:{escaped(own.utterance)}; columns:{own.columns};}}"
    parts = [
        writing.open("Word", 0, id=stem, custom=said),
        writing.tag("Coords", 1, points=_points(drawn[0])),
    ]
    for number, (unit, outline) in enumerate(zip(own.units.tolist(), drawn[1:], strict=True)):
        label = {"custom": f"{mark} {{label:{escaped(own.labels[unit])};}}"} if own.labels else {}
        parts += [
            writing.open("Glyph", 1, id=f"{stem}-{number}", **label),
            writing.tag("Coords", 2, points=_points(outline)),
            writing.text(str(unit), 2),
            writing.close("Glyph", 1),
        ]
    if not own.line.text.strip():
        parts.append(writing.text(own.text, 1))
    elif not place.has("Word"):
        parts.append(writing.text(own.line.text.strip(), 1))
    return "".join([*parts, writing.close("Word", 0)])


def units_of_word(word: PlainElement) -> str | None:
    """Return the units of a word that was added to a line, or made of a line image, as text; None for another word."""
    glyphs = [list(glyph.each("TextEquiv")) for glyph in word.each("Glyph")]
    of_line_image = any(each.attributes.get("comments") == unit_comment for texts in glyphs for each in texts)
    if not of_line_image and not custom.search(word.attributes.get("custom", "")):
        return None
    return " ".join(form.text for texts in glyphs for each in texts[:1] for form in each.each("Unicode"))


def escaped(value: str) -> str:
    """Return a value of a custom attribute as Transkribus writes it: delimiters and white space by their numbers."""
    return re.sub(r"[\\\"'{}:;\s]", lambda match: f"\\u{ord(match[0]):04x}", value)


def unescaped(value: str) -> str:
    """Return the value that was ``escaped``."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), value)


def _points(outline: Outline) -> str:
    return " ".join(f"{x},{y}" for x, y in outline)


def units_of_page(root: Element) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the name, the units and the edges in columns of every line whose units are in a page, as texts."""
    for line in root.iterfind(".//{*}TextLine"):
        words = [(said, word) for word in line.iterfind("{*}Word") if (said := custom.search(word.get("custom", "")))]
        for said, word in words[-1:]:  # the units that were added last
            units = [glyph.findtext("{*}TextEquiv/{*}Unicode") or "" for glyph in word.iterfind("{*}Glyph")]
            yield unescaped(said[1]), units, said[2].split(",")
