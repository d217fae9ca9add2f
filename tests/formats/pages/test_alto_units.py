"""Units in ALTO of every version: by the rules of its schema, and beside a transcript that stays what it was."""

import io
from xml.etree import ElementTree

import pytest

from tests.helpers.dialects import alto, page_files
from tests.helpers.page_units import edges_of, units, with_units
from tests.helpers.schemas import check_alto
from unitdisc.formats.pages.alto_units import units_of_alto, version_of
from unitdisc.formats.pages.insertion import placed

pages = {name: page for name, page in page_files.items() if page.is_alto}
every_page = pytest.mark.parametrize("name", pages)


def lines_of(content: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(content).findall(".//{*}TextLine")


def strings(line: ElementTree.Element) -> list[str]:
    return [string.get("CONTENT") for string in line.findall("{*}String")]


@every_page
def test_nothing_is_changed_but_for_what_is_added(name):
    before, after = pages[name].text.encode(), with_units(pages[name])
    single = b'600 330"/>'  # a line that is a single tag is opened
    rest = iter(after)
    assert all(byte in rest for byte in before.replace(single, single.replace(b"/", b"")))
    for old, new in zip(lines_of(before), lines_of(after), strict=True):
        kept = {tag: old.findall(f"{{*}}{tag}") for tag in ("Shape", "SP", "HYP", "String")}
        for tag, elements in kept.items():
            now = [ElementTree.tostring(each).strip() for each in new.findall(f"{{*}}{tag}")]
            assert [ElementTree.tostring(each).strip() for each in elements] == now[: len(elements)]
        assert old.attrib.items() <= new.attrib.items()


@every_page
def test_the_file_keeps_the_rules_of_its_version(name):
    content = with_units(pages[name])
    check_alto(content, version_of(placed(content, "x")))


@every_page
def test_the_transcript_is_what_it_was(name):
    for line, text, own in zip(lines_of(with_units(pages[name])), pages[name].texts, units, strict=True):
        found = " ".join(" ".join(strings(line)).split())
        assert found == (text.removesuffix(" -") if text else " ".join(map(str, own)))


@every_page
def test_every_unit_has_a_box_of_its_own(name):
    is_old = name in ("ALTO 2.1", "ALTO 3.0")
    for line, own in zip(lines_of(with_units(pages[name])), units, strict=True):
        added = [string for string in line.findall("{*}String") if "-units" in string.get("ID", "")]
        boxes = added if is_old else added[0].findall("{*}Glyph")
        assert len(boxes) == len(own)
        lefts = [float(each.get("HPOS")) for each in boxes]
        assert lefts == sorted(lefts)
        assert all(float(each.get("WIDTH")) > 0 < float(each.get("HEIGHT")) for each in boxes)


@every_page
def test_only_version_4_gets_baselines_of_points(name):
    before, after = lines_of(pages[name].text.encode()), lines_of(with_units(pages[name]))
    for old, new in zip(before, after, strict=True):
        if "BASELINE" in old.attrib:
            assert new.get("BASELINE") == old.get("BASELINE")
        else:
            assert ("BASELINE" in new.attrib) == name.startswith("ALTO 4")


@pytest.mark.parametrize(
    ("schema", "added"), [("4-0", False), ("4-1", False), ("4-2", True), ("4-4", True), ("", True)]
)
def test_a_baseline_of_points_is_for_those_that_know_it(schema, added):
    page = page_files["ALTO 4 of eScriptorium"]
    text = page.text.replace("alto-4-2", f"alto-{schema}" if schema else "alto")
    line = lines_of(with_units(type(page)(text, page.ids, page.texts, page.straight)))[2]
    assert ("BASELINE" in line.attrib) == added


@every_page
def test_units_are_read_back_with_their_columns(name):
    found = list(units_of_alto(ElementTree.parse(io.BytesIO(with_units(pages[name]))).getroot()))
    assert [utterance for utterance, _, _ in found] == [f"u;{number}\u00e9" for number in range(3)]
    assert [tuple(map(int, own)) for _, own, _ in found] == list(units)
    assert [list(map(float, edges)) for _, _, edges in found] == [edges_of(number).tolist() for number in range(3)]


@pytest.mark.parametrize("version", ["2.0", "2.1", "3.0", "3.1", "3.2", "4.0", "4.4"])
def test_the_version_is_in_the_namespace_and_the_place_of_the_schema(version):
    content = alto([], version=version)
    assert version_of(placed(content.encode(), "x")) == tuple(map(int, version.split(".")))
    bare = content.replace("alto-" + version.replace(".", "-"), "alto")
    assert version_of(placed(bare.encode(), "x")) == (int(version[0]), -1)
    assert version_of(placed(b"<alto/>", "x")) == (2, -1)
