"""Units in ALTO: a string of glyphs or, before version 3.1, of strings is added to a line, and read back."""

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from unitdisc.formats.pages.insertion import Addition, LinePlace, PlacedFile, no_xml
from unitdisc.formats.pages.line_units import LineUnits, Outline, box, drawn_baseline, mark, outlines
from unitdisc.formats.text import private_character
from unitdisc.formats.xml_element import Element as PlainElement

versions = re.compile(r"alto/ns-v([2-9])#|alto(?:-v)?[-/]?([2-9])[-.]([0-9]+)(?:-draft)?\.xsd")


def version_of(found: PlacedFile) -> tuple[int, int]:
    """Return the version of an ALTO file, with the second number -1 where it does not say which."""
    major, minor = 2, -1
    for value in found.attributes.values():
        for namespace, one, two in versions.findall(value):
            major, minor = (int(one), int(two)) if one else (max(major, int(namespace)), minor)
    return major, minor


def alto_additions(
    found: PlacedFile, place: LinePlace, own: LineUnits, size: tuple[float, float]
) -> Iterator[Addition]:
    """Yield what is added to a TextLine, and where: a String of the units and, from 4.2 on, a BASELINE that it lacks.

    A String has a Glyph per unit, which is a private-use character, as a Glyph is one character. Versions before 3.1
    have no Glyph: there is a String per unit. Where the line has text, added Strings are empty.
    """
    version = version_of(found)
    takes_points = version >= (4, 2) or version == (4, -1)  # before, a baseline is a number
    if takes_points and not place.attributes.get("BASELINE", "").strip():
        points = " ".join(f"{x} {y}" for x, y in drawn_baseline(own.line, size))
        name = found.length(f"<{place.prefix}{place.tag}")
        yield Addition(place.start + name, f' BASELINE="{points}"')
    drawn = outlines(own, size)
    own_id = found.free_id(f"{own.line.id}-units")
    indent = found.indent(place.children[0]) if place.children else ""
    one = version >= (3, 1)
    text = (_string if one else _strings)(place.prefix, own, drawn, own_id, indent)
    if place.is_single:
        slash = place.end - found.length("/>")
        yield Addition(slash, f">{text}</{place.prefix}{place.tag}>", place.end)
        return
    last = place.last("Shape", "String", "SP")
    yield Addition(last.end if last else place.start_end, text)


def _string(prefix: str, own: LineUnits, drawn: Sequence[Outline], stem: str, indent: str) -> str:
    """Return one String with all units as its glyphs."""
    content = "" if own.line.text.strip() else own.text
    parts = [_open(prefix, "String", stem, content, drawn[0], indent), _shape(prefix, drawn[0]), _said(prefix, own)]
    for number, (unit, outline) in enumerate(zip(own.units.tolist(), drawn[1:], strict=True)):
        glyph = _open(prefix, "Glyph", f"{stem}-{number}", private_character(unit), outline, indent and f"{indent} ")
        parts.append(f"{glyph}{_shape(prefix, outline)}</{prefix}Glyph>")
    return "".join([*parts, indent, f"</{prefix}String>"])


def _strings(prefix: str, own: LineUnits, drawn: Sequence[Outline], stem: str, indent: str) -> str:
    """Return a String for each unit, with spaces between them where they are the text of the line."""
    parts = []
    is_text = not own.line.text.strip()
    for number, (unit, outline) in enumerate(zip(own.units.tolist(), drawn[1:], strict=True)):
        if is_text and number:
            left, top, _, height = box(outline)
            parts.append(f'{indent}<{prefix}SP HPOS="{left}" VPOS="{top}" WIDTH="0" HEIGHT="{height}"/>')
        said = "" if number else _said(prefix, own)
        alternative = _alternative(prefix, "unit", str(unit))
        start = _open(prefix, "String", f"{stem}-{number}", str(unit) if is_text else "", outline, indent)
        parts.append(f"{start}{said}{alternative}</{prefix}String>")
    return "".join(parts)


def _open(prefix: str, name: str, own_id: str, content: str, outline: Outline, indent: str) -> str:
    left, top, width, height = box(outline)
    sides = f'HPOS="{left}" VPOS="{top}" WIDTH="{width}" HEIGHT="{height}"'
    return f'{indent}<{prefix}{name} ID="{own_id}" {sides} CONTENT={quoteattr(content)}>'


def _shape(prefix: str, outline: Outline) -> str:
    points = " ".join(f"{x} {y}" for x, y in outline)
    return f'<{prefix}Shape><{prefix}Polygon POINTS="{points}"/></{prefix}Shape>'


def _said(prefix: str, own: LineUnits) -> str:
    """Return the utterance, its units and their columns as alternatives of a String."""
    said = {"utterance": own.utterance, "units": own.text, "columns": own.columns}
    return "".join(_alternative(prefix, purpose, text) for purpose, text in said.items())


def _alternative(prefix: str, purpose: str, text: str) -> str:
    plain = escape(no_xml.sub("\ufffd", text))
    return f'<{prefix}ALTERNATIVE PURPOSE="{mark} {purpose}">{plain}</{prefix}ALTERNATIVE>'


def is_added(string: PlainElement) -> bool:
    """Return whether a String is one of units that were added to a line."""
    return any(each.attributes.get("PURPOSE", "").startswith(f"{mark} ") for each in string.each("ALTERNATIVE"))


def units_of_alto(root: Element) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the name, the units and the edges in columns of every line whose units are in an ALTO file, as texts."""
    for line in root.iterfind(".//{*}TextLine"):
        said = {each.get("PURPOSE", ""): each.text or "" for each in line.iterfind("{*}String/{*}ALTERNATIVE")}
        keys = [f"{mark} {purpose}" for purpose in ("utterance", "units", "columns")]
        if keys[0] in said:
            name, units, columns = (said.get(key, "") for key in keys)
            yield name, units.split(), columns.split(",")
