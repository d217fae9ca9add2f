"""Elements of XML: tags, attributes, lines and texts as the standard library's tree has them."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.xml_element import read_xml


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.xml"


def same(ours, theirs):
    """Whether an element is the same, but for texts between its children."""
    alike = (ours.tag, ours.attributes, ours.text) == (theirs.tag, theirs.attrib, theirs.text or "")
    return alike and len(ours.children) == len(theirs) and all(map(same, ours.children, theirs))


names = st.sampled_from(["a", "b", "c-d"])
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=5
)


@st.composite
def elements(draw, depth=3):
    element = ElementTree.Element(draw(names), draw(st.dictionaries(names, texts, max_size=2)))
    element.text, element.tail = draw(texts), draw(texts)
    element.extend(draw(elements(depth - 1)) for _ in range(draw(st.integers(0, 3 if depth else 0))))
    return element


@given(elements(), st.sampled_from(["utf-8", "utf-16", "us-ascii"]))
@settings(deadline=None, max_examples=100)
def test_elements_are_those_of_the_standard_library(tmp_path_factory, element, encoding):
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    element.tail = None
    ElementTree.ElementTree(element).write(path, encoding=encoding, xml_declaration=True)
    assert same(read_xml(path, "a tree"), ElementTree.parse(path).getroot())


def test_an_element_has_its_line(path):
    path.write_text("<a>\n <b/>\n\n <b\nc='1'/></a>")
    assert [child.line for child in read_xml(path, "a tree").each("b")] == [2, 4]


def test_a_long_text_between_elements_takes_no_time(path):
    path.write_text("<a>" + "<b>x</b>\n\n" * 200_000 + "</a>")
    assert len(list(read_xml(path, "a tree").each("b"))) == 200_000


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("<a>", 1), ("<a>\n</b>", 2), ("<a/>\n<b/>", 2), ("<a>\n&x;</a>", 2)]
)
def test_what_is_no_xml_is_told_with_its_line(path, text, line):
    path.write_text(text)
    with pytest.raises(InputError, match=rf"a\.xml:{line}: is not a tree \("):
        read_xml(path, "a tree")


def test_a_document_type_is_told_with_its_line(path):
    path.write_text('<?xml version="1.0"?>\n<!DOCTYPE a>\n<a/>')
    with pytest.raises(InputError, match=r"a\.xml:2: is not a tree \(it has a DOCTYPE\)"):
        read_xml(path, "a tree")
