"""Validity of page files: by the schema of PAGE where it is there, and by the rules of the schemas of ALTO."""

import os
import re
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

# The children of an element as a regular expression over their names, its attributes, and those that it must have.
alto_children = {
    "TextLine": "(Shape )?(String (SP )?)+(HYP )?",
    "String": "(Shape )?(ALTERNATIVE )*(Glyph )*",
    "Glyph": "(Shape )?(Variant )*",
    "Shape": "Polygon ",
    "ALTERNATIVE": "",
    "Polygon": "",
    "SP": "",
}
sides = {"HPOS", "VPOS", "WIDTH", "HEIGHT"}
alto_attributes = {
    "String": sides | {"ID", "CONTENT", "WC"},
    "Glyph": sides | {"ID", "CONTENT", "GC"},
    "Shape": set(),
    "ALTERNATIVE": {"PURPOSE"},
    "Polygon": {"POINTS"},
    "SP": sides | {"ID"},
}
name = re.compile(r"[^\W\d][\w.-]*")


def check_page(content: bytes) -> None:
    """Raise for PAGE that is not valid by the schema of 2019-07-15; skips where that is not there."""
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    schema = _page_schema()
    if schema is None:
        pytest.skip("the PAGE schema is not there: see the Makefile, or name pagecontent.xsd of 2019-07-15 in PAGE_XSD")
    schema.assertValid(etree.fromstring(content))


@cache
def _page_schema():
    """Find the PAGE 2019-07-15 schema: where PAGE_XSD says, or where the Makefile puts OCR-D's copy."""
    from lxml import etree

    places = [os.environ.get("PAGE_XSD"), f"{sys.prefix}/schemas/ocrd_validators/page.xsd"]
    found = next((place for place in places if place and Path(place).is_file()), None)
    return found and etree.XMLSchema(etree.parse(found))


def check_alto(content: bytes, version: tuple[int, int]) -> None:
    """Assert what the schema of an ALTO version says of text lines and all that is in them."""
    root = ElementTree.fromstring(content)
    known = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(set(known)) == len(known)
    assert all(name.fullmatch(each) for each in known)
    for line in root.iterfind(".//{*}TextLine"):
        for element in line.iter():
            tag = element.tag.rpartition("}")[2]
            if tag == "HYP":
                continue
            children = "".join(f"{child.tag.rpartition('}')[2]} " for child in element)
            assert re.fullmatch(alto_children[tag], children), (tag, children)
            if tag == "TextLine":
                continue
            assert set(element.attrib) <= alto_attributes[tag]
            assert ("CONTENT" in element.attrib) == (tag in ("String", "Glyph"))
            assert all(float(element.get(side)) >= 0 for side in sides & set(element.attrib))
            if version < (3, 1):
                assert tag not in ("Glyph", "Shape", "Polygon")
                assert tag not in ("String", "SP") or sides <= set(element.attrib)
            if tag == "Glyph":
                assert len(element.get("CONTENT")) == 1
