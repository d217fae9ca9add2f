"""Units in PAGE: valid, and beside a transcript that every reader finds as it was."""

import io
import re
from xml.etree import ElementTree

import pytest

from tests.helpers.dialects import page_files, page_xml
from tests.helpers.page_units import edges_of, meanings, units, with_units
from tests.helpers.schemas import check_page as check_page_file
from unitdisc.errors import InputError
from unitdisc.formats.pages.insertion import placed
from unitdisc.formats.pages.page_units import check_page, escaped, unescaped, units_of_page

pages = {name: page for name, page in page_files.items() if not page.is_alto}
every_page = pytest.mark.parametrize("name", pages)


def lines_of(content: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(content).findall(".//{*}TextLine")


def words_text(line: ElementTree.Element) -> str:
    """The text of a line as eScriptorium takes it: that of its words, where it has any."""
    texts = line.findall(
        "{*}Word/{*}TextEquiv/{*}Unicode" if line.find("{*}Word") is not None else "{*}TextEquiv/{*}Unicode"
    )
    return " ".join(text.text or "" for text in texts)


@every_page
def test_nothing_is_changed_but_for_what_is_added(name):
    before, after = pages[name].text.encode(), with_units(pages[name], meanings)
    rest = iter(after)
    assert all(byte in rest for byte in before)  # in this order
    removed = re.sub(rb'\s*<(?:pc:)?Word id="[^"]*-units".*?</(?:pc:)?Word>', b"", after, flags=re.DOTALL)
    for line, place in zip(lines_of(before), placed(before, "x").lines, strict=True):
        if line.find("{*}TextEquiv") is not None and line.find("{*}Baseline") is not None:
            assert before[place.start : place.end] in removed


@every_page
def test_the_file_is_valid(name):
    content = with_units(pages[name], meanings)
    year = b"/2013-07-15" in content
    check_page_file(content.replace(b"/2013-07-15", b"/2019-07-15"))
    for line in lines_of(content) if year else ():  # 2013 has one text of each, without an index
        for element in line.iter():
            assert len(element.findall("{*}TextEquiv")) <= 1
            assert not element.tag.endswith("TextEquiv") or not element.attrib


@every_page
def test_the_transcript_is_what_it_was_to_every_reader(name):
    content = with_units(pages[name])
    for line, text, own in zip(lines_of(content), pages[name].texts, units, strict=True):
        first = line.find("{*}TextEquiv")
        own_text = " ".join(map(str, own))
        assert words_text(line).strip() == text or (not text and words_text(line) == own_text)
        assert first is not None
        assert (first.findtext("{*}Unicode") or "") in (text, text or own_text, "")


@every_page
def test_no_line_is_without_a_baseline_and_baselines_are_kept(name):
    before, after = lines_of(pages[name].text.encode()), lines_of(with_units(pages[name]))
    for old, new in zip(before, after, strict=True):
        found = new.findall("{*}Baseline")
        assert len(found) == 1
        if (base := old.find("{*}Baseline")) is not None:
            assert found[0].attrib == base.attrib


@every_page
def test_units_are_read_back_with_their_columns(name):
    content = with_units(pages[name], meanings)
    found = list(units_of_page(ElementTree.parse(io.BytesIO(content)).getroot()))
    assert [utterance for utterance, _, _ in found] == [f"u;{number}\u00e9" for number in range(3)]
    assert [tuple(map(int, own)) for _, own, _ in found] == list(units)
    assert [list(map(float, edges)) for _, _, edges in found] == [edges_of(number).tolist() for number in range(3)]


@every_page
def test_a_glyph_says_what_its_unit_maps_to(name):
    glyphs = ElementTree.fromstring(with_units(pages[name], meanings)).iterfind(".//{*}Glyph")
    for glyph in glyphs:
        label = re.fullmatch(r"unitdisc \{label:(.*);\}", glyph.get("custom"))
        assert unescaped(label[1]) == f"l {glyph.findtext('{*}TextEquiv/{*}Unicode')}"


def test_units_that_were_added_later_are_those_that_are_read():
    page = page_files["eScriptorium"]
    again = type(page)(with_units(page).decode(), page.ids, page.texts, page.straight)
    content = with_units(again)
    assert len(list(units_of_page(ElementTree.fromstring(content)))) == 3
    assert content.count(b"-units2") > content.count(b'-units"') > 0
    identifiers = [element.get("id") for element in ElementTree.fromstring(content).iter() if "id" in element.attrib]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("text", ["a", "a b:c;d{e}\"f'", "\\u0041", "\u05d0\t"])
def test_escaped_values_are_read_back(text):
    assert unescaped(escaped(text)) == text
    assert not re.search(r"[\s{};:\"']", escaped(text))


@pytest.mark.parametrize(("year", "fits"), [("2010", False), ("2013", True), ("2017", True), ("2019", True)])
def test_page_of_before_2013_is_one_line(year, fits):
    found = placed(page_xml([], year=year, creator="x").encode(), "x.xml")
    if fits:
        check_page(found, "x.xml")
    else:
        with pytest.raises(InputError, match=r"x\.xml: is PAGE of 2010, which has no place for baselines; convert"):
            check_page(found, "x.xml")
