"""Units go back into the pages of a corpus: one file a page, with the lines of all splits, whatever holds the pages."""

import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.helpers.dialects import PageFile, page_files, size
from tests.helpers.schemas import check_alto, check_page
from tests.units.exports.test_formats import make_part
from unitdisc.errors import InputError
from unitdisc.formats.pages.alto_units import version_of
from unitdisc.formats.pages.insertion import placed
from unitdisc.formats.pages.line import PageLine
from unitdisc.formats.pages.page_file import read_pages
from unitdisc.formats.pages.source import PageSource
from unitdisc.formats.unit_files import read_sequences
from unitdisc.records import UnitSequence, Utterance
from unitdisc.units.exports.export_split import ExportSplit
from unitdisc.units.exports.pages import Pages
from unitdisc.units.exports.pagexml import PageXml

every_page = pytest.mark.parametrize("name", page_files)
width = 150.0


def pages_of(folder: Path, page: PageFile, names: tuple[str, ...] = ("a/0001", "b/0001")) -> dict[str, PageSource]:
    """Write a page under several names, and return the sources of its lines by utterance."""
    sources = {}
    for name in names:
        image = folder / f"{name}.png"
        file = page.write(image.with_suffix(".xml"))
        Image.new("L", size, 255).save(image)
        sources |= {f"{name}/{own}": PageSource(str(image), str(file), own) for own in page.ids}
    return sources


def part_of(folder: Path, sources: dict[str, PageSource], split: str = "train", kept: str = "keep") -> ExportSplit:
    """Units of 2 columns a token for the lines, of which every second is of test."""
    utterances = {
        name: Utterance(name, "test" if number % 2 else "train", "w", str(source), width)
        for number, (name, source) in enumerate(sources.items())
    }
    rng = np.random.default_rng(0)
    units = {name: np.repeat(rng.integers(0, 8, 25), 3) for name in sources}
    own = {name: UnitSequence(name, 2.0, units[name]) for name in sources if utterances[name].split == split}
    return replace(
        make_part(folder, kept), split=split, utterances=utterances, sequences=own, labels={}, final_folder=folder
    )


def exported(folder: Path, sources: dict[str, PageSource], kept: str = "keep") -> Path:
    for split in ("train", "test"):
        Pages().write(folder / "pages", part_of(folder, sources, split, kept))
    return folder / "pages"


@every_page
@pytest.mark.parametrize("kept", ["keep", "collapse"])
def test_units_come_back_from_the_pages(tmp_path, name, kept):
    sources = pages_of(tmp_path, page_files[name])
    folder = exported(tmp_path, sources, kept)
    assert sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.*")) == ["a/0001.xml", "b/0001.xml"]
    found = read_sequences(folder, 2.0)
    assert set(found) == set(sources)
    for split in ("train", "test"):
        for utterance, sequence in part_of(tmp_path, sources, split).sequences.items():
            np.testing.assert_array_equal(found[utterance].units, sequence.units)


@every_page
def test_every_page_is_valid_and_has_what_it_had(tmp_path, name):
    sources = pages_of(tmp_path, page_files[name], ("p",))
    content = (exported(tmp_path, sources) / "p.xml").read_bytes()
    if page_files[name].is_alto:
        check_alto(content, version_of(placed(content, "x")))
    else:
        check_page(content.replace(b"/2013-07-15", b"/2019-07-15"))
    rest = iter(content)
    assert all(byte in rest for byte in page_files[name].text.encode().replace(b'600 330"/>', b'600 330">'))
    assert (tmp_path / "p.xml").read_bytes() == page_files[name].text.encode()


def test_an_export_made_twice_is_the_same_bytes(tmp_path):
    sources = pages_of(tmp_path, page_files["eScriptorium"])
    first = {file.name: file.read_bytes() for file in exported(tmp_path / "1", sources).rglob("*.xml")}
    second = {file.name: file.read_bytes() for file in exported(tmp_path / "2", sources).rglob("*.xml")}
    assert first == second


def test_pages_come_from_a_zip_too(tmp_path):
    page = page_files["Transkribus"]
    page.write(tmp_path / "x.xml")
    Image.new("L", size, 255).save(tmp_path / "x.png")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(tmp_path / "x.png", "doc/0001.png")
        archive.write(tmp_path / "x.xml", "doc/page/0001.xml")
    at = tmp_path / "export.zip"
    sources = {own: PageSource(f"{at}#doc/0001.png", f"{at}#doc/page/0001.xml", own) for own in page.ids}
    folder = exported(tmp_path, sources)
    assert [file.relative_to(folder).as_posix() for file in folder.rglob("*.xml")] == ["0001.xml"]
    assert set(read_sequences(folder, 2.0)) == set(page.ids)


def test_a_line_without_units_stays_as_it_is(tmp_path):
    page = page_files["eScriptorium"]
    part = part_of(tmp_path, pages_of(tmp_path, page, ("p",)))
    nothing = {name: replace(own, units=own.units[:0]) for name, own in part.sequences.items()}
    Pages().write(tmp_path / "pages", replace(part, sequences=nothing))
    assert (tmp_path / "pages" / "p.xml").read_bytes() == page.text.encode()


def test_the_glyphs_lie_over_their_line(tmp_path):
    """Boxes are places on the page, not of the line that was cut out of it."""
    folder = exported(tmp_path, pages_of(tmp_path, page_files["kraken"], ("p",)))
    lines = ElementTree.parse(folder / "p.xml").getroot().findall(".//{*}TextLine")
    for line, (top, bottom) in zip(lines, [(50, 100), (150, 230), (260, 340)], strict=True):
        points = [point for glyph in line.iterfind(".//{*}Glyph/{*}Coords") for point in glyph.get("points").split()]
        xs, ys = np.array([point.split(",") for point in points], int).T
        assert top - 8 <= ys.min() <= ys.max() <= bottom + 8
        assert xs.min() < 50
        assert xs.max() > 590


def test_other_line_images_are_one_line(tmp_path):
    Image.new("L", (300, 64), 255).save(tmp_path / "a.png")
    part = part_of(tmp_path, pages_of(tmp_path, page_files["kraken"], ("p",)))
    lines = {name: replace(line, source=str(tmp_path / "a.png")) for name, line in part.utterances.items()}
    with pytest.raises(InputError, match=r"a\.png: is utterance 'p/l-1', which is no line of a page; export pagexml"):
        Pages().write(tmp_path / "pages", replace(part, utterances=lines))


def test_a_line_of_a_page_is_no_page_of_its_own(tmp_path):
    part = part_of(tmp_path, pages_of(tmp_path, page_files["kraken"], ("p",)))
    with pytest.raises(InputError, match=r"p\.xml#l-1: is a line of a page, and no image of its own; export pages"):
        PageXml().write(tmp_path / "pagexml", part)


def test_a_page_that_has_other_lines_by_now_is_one_line(tmp_path):
    sources = pages_of(tmp_path, page_files["kraken"], ("p",))
    page_files["eScriptorium"].write(tmp_path / "p.xml")
    with pytest.raises(InputError, match=r"p\.xml: has no line 'l-1'; read the corpus again"):
        Pages().write(tmp_path / "pages", part_of(tmp_path, sources))


def read_again(path: Path) -> list[PageLine]:
    return list(read_pages(path.read_bytes(), str(path))[1][0].lines)


@every_page
@pytest.mark.parametrize("times", [1, 2])
def test_an_exported_page_is_read_as_the_page_it_was(tmp_path, name, times):
    """With its text and place, and none of the units, though these were added where a line has no text."""
    path = next(iter(pages_of(tmp_path / "0", page_files[name], ("p",)).values())).file
    before = read_again(Path(path))
    for time in range(times):
        sources = {own: PageSource(str(tmp_path / "0" / "p.png"), str(path), own) for own in page_files[name].ids}
        path = exported(tmp_path / str(time + 1), sources, "collapse") / "p.xml"
    assert Path(path).read_bytes().count(b"-units") >= 3 * times
    for old, new in zip(before, read_again(Path(path)), strict=True):
        assert (new.id, new.has_units) == (old.id, True)
        assert new.text.split() == old.text.split()
        np.testing.assert_array_equal(new.polygon, old.polygon)
        np.testing.assert_array_equal(new.baseline, old.baseline)


def test_a_baseline_that_was_corrected_is_read(tmp_path):
    sources = pages_of(tmp_path, page_files["Transkribus"], ("p",))
    text = (exported(tmp_path, sources) / "p.xml").read_text().replace('Baseline points="', 'Baseline points="41,91 ')
    (tmp_path / "q.xml").write_text(text)
    assert all(line.baseline[0].tolist() == [41, 91] for line in read_again(tmp_path / "q.xml"))


def test_a_page_made_of_a_line_image_has_no_transcript(tmp_path):
    Image.new("L", (300, 64), 255).save(tmp_path / "a.png")
    part = part_of(tmp_path, pages_of(tmp_path, page_files["kraken"], ("p",)))
    lines = {name: replace(line, source=str(tmp_path / "a.png")) for name, line in part.utterances.items()}
    PageXml().write(tmp_path, replace(part, utterances=lines))
    for path in (tmp_path / "train").iterdir():
        assert [(line.text, line.has_units) for line in read_again(path)] == [("", True)]
