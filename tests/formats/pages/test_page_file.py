"""Page files of both dialects: what is read of them, and what is done with broken ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.page_files import alto, alto_line, block, line, page, region
from unitdisc.errors import InputError
from unitdisc.formats.pages.page_file import find_line, read_pages


def read(text):
    return read_pages(text.encode(), "a.xml")


@pytest.mark.parametrize(
    ("text", "kind"), [(page(region("r", line("a"))), "page"), (alto(block("b", alto_line("a"))), "alto")]
)
def test_the_same_line_of_both(text, kind):
    found, (only,) = read(text)
    assert (found, only.image, only.size) == (kind, "a.png", (1000.0, 800.0))
    (a,) = only.lines
    assert (a.id, a.text, a.number, a.order) == ("a", "text of a", 0, 0)
    assert a.baseline.tolist() == [[10, 70], [900, 72]]
    assert a.polygon.tolist() == [[10, 10], [900, 10], [900, 90], [10, 90]]


def test_other_xml_is_neither():
    assert read("<mets xmlns='http://www.loc.gov/METS/'/>") == (None, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.xml:1: is not XML that can be read \(no element found\)"),
        ("<PcGts>", r"a\.xml:1: is not XML that can be read"),
        ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><PcGts>&e;</PcGts>", "it has a DOCTYPE"),
        ("<PcGts/>", r"a\.xml:1: has no Page"),
        ("<alto/>", r"a\.xml:1: has no Page"),
        ("<PcGts>" + 30 * "<a>" + "</PcGts>", "mismatched tag"),
    ],
)
def test_what_is_no_page_file(text, message):
    with pytest.raises(InputError, match=message):
        read(text)


@pytest.mark.parametrize("tag", ["TextRegion", "TextLine", "PcGts"])
def test_nesting_of_any_depth(tag):
    deep = 5_000
    _, (only,) = read(page(f"<{tag}>" * deep + f"</{tag}>" * deep))
    assert only.lines == ()


def test_a_file_of_countless_elements(monkeypatch):
    monkeypatch.setattr("unitdisc.formats.pages.page_file.most_elements", 100)
    with pytest.raises(InputError, match="it has too many elements"):
        read(page("<a/>" * 100))


@pytest.mark.parametrize(
    "points",
    ["x,y", "1,2 3", "nan,nan 1,1", "1e9,5 6,7 8,9", "1,2 inf,4", "9" * 400 + ",1", "1e999,1 2,2", "\u0661,\u0662"],
)
def test_a_broken_line_is_a_fault_and_the_others_are_read(points):
    broken = line("b", inner=f'<Coords points="{points}"/>')
    _, (only,) = read(page(region("r", line("a") + "\n" + broken)))
    assert [each.id for each in only.lines] == ["a"]
    with pytest.raises(InputError, match=r"a\.xml:3: line 'b' has "):
        find_line([only], "b", "a.xml")
    _, (only,) = read(alto(block("r", alto_line("a") + alto_line("b", f'BASELINE="{points}"'))))
    assert [each.id for each in only.lines] == ["a"]
    with pytest.raises(InputError, match=r"a\.xml: has no line 'c'"):
        find_line([only], "c", "a.xml")


@given(st.text(), st.text(alphabet="0123456789,. -+e", max_size=40), st.sampled_from(["", "0", "-5", "1000", "x"]))
def test_no_attribute_is_anything_but_a_line_or_a_fault(custom, points, size):
    from xml.sax.saxutils import quoteattr

    clean = "".join(c for c in custom if c.isprintable() and c not in "\ufffe\uffff")
    inner = f"<Coords points={quoteattr(points)}/><Baseline points={quoteattr(points[::-1])}/>"
    body = region("r", line("a", f"custom={quoteattr(clean)}", inner))
    _, (only,) = read(page(body, attributes=f'imageFilename="a.png" imageWidth="{size}" imageHeight="{size}"'))
    assert len(only.lines) + len(only.faults) == 1
