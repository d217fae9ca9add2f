"""Places in the bytes of a page file: whatever its encoding and its layout, only what is added is new."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.dialects import page_files
from unitdisc.errors import InputError
from unitdisc.formats.pages.insertion import Addition, placed

document = (
    "<?xml version='1.0' encoding='{0}'?>\r\n<!-- é > --><a xmlns='u' id='top'><TextLine id='l&gt;' x='>' />\n"
    "<p:TextLine xmlns:p='u' id='é'>\n  <p:Coords points='>'/>é<p:Word id='w-3'>ä&amp;<b/></p:Word ><![CDATA[<x>]]>"
    "<?do it?></p:TextLine><TextLine></TextLine></a>\n"
)
encodings = {
    "utf-8": ("utf-8", b""),
    "UTF-8": ("utf-8", codecs.BOM_UTF8),
    "iso-8859-1": ("iso-8859-1", b""),
    "windows-1252": ("cp1252", b""),
    "UTF-16": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16": ("utf-16-be", codecs.BOM_UTF16_BE),
}


@pytest.mark.parametrize("name", encodings)
def test_lines_and_their_children_are_found_in_the_bytes(name):
    encoding, mark = encodings[name]
    content = mark + document.format(name).encode(encoding)
    found = placed(content, "x.xml")

    def between(start: int, end: int) -> str:
        return content[start:end].decode(encoding)

    single, full, empty = found.lines
    assert between(single.start, single.start_end) == "<TextLine id='l&gt;' x='>' />"
    assert single.is_single
    assert not empty.is_single
    assert between(empty.start_end, empty.end) == "</TextLine>"
    assert (full.prefix, full.attributes["id"], full.has("Coords"), full.has("b")) == ("p:", "é", True, False)
    assert [between(child.start, child.end) for child in full.children] == [
        "<p:Coords points='>'/>",
        "<p:Word id='w-3'>ä&amp;<b/></p:Word >",
    ]
    assert found.indent(full.children[0]) == "\n  "
    assert found.indent(full.children[1]) == ""
    assert found.ids == {"top", "l>", "é", "w-3", "w"}
    assert (found.root, found.attributes["xmlns"]) == ("a", "u")


@pytest.mark.parametrize("name", encodings)
def test_what_is_added_has_the_encoding_of_the_file(name):
    encoding, mark = encodings[name]
    content = mark + document.format(name).encode(encoding)
    found = placed(content, "x.xml")
    at = found.lines[1].start_end
    changed = found.with_additions([Addition(at, "<i>é\u05d0</i>"), Addition(at, "<j/>")])
    hebrew = "\u05d0" if encoding.startswith("utf") else "&#1488;"
    added = f"<i>é{hebrew}</i><j/>".encode(encoding)
    assert changed == content[:at] + added + content[at:]
    assert len(placed(changed, "x.xml").lines) == 3


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["a", "bc", "\u05d0"])), max_size=8))
def test_without_the_additions_the_file_is_as_it_was(places):
    content = page_files["OCR-D"].text.encode()[:300]
    found = placed(b"<a/>", "x")
    found.content = content
    changed = found.with_additions(Addition(place, f"[{text}]") for place, text in places)
    added = sum(len(f"[{text}]".encode()) for _, text in places)
    assert len(changed) == len(content) + added
    assert bytes(byte for byte in changed if byte < 128 and byte not in b"[]abc") == bytes(
        byte for byte in content if byte < 128 and byte not in b"[]abc"
    )


def test_an_id_is_new_and_a_name_of_xml():
    found = placed(b"<a id='l1-units'><b ID='l2-units-7'/></a>", "x")
    assert found.free_id("l1-units") == "l1-units2"
    assert found.free_id("l1-units") == "l1-units3"
    assert found.free_id("l2-units") == "l2-units2"
    assert found.free_id("3 ä:b") == "_3_ä_b"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<a><TextLine></a>", r"is not a page file \(mismatched tag\)"),
        (b"", "is not a page file"),
        (b"\x00\x01", "is not a page file"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "has a DOCTYPE"),
    ],
)
def test_what_is_no_page_file_is_one_line(content, message):
    with pytest.raises(InputError, match=rf"x\.xml.*{message}"):
        placed(content, "x.xml")
