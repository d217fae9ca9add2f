"""Lines of pages as sources, in folders and in zips, with hashes in every name."""

import numpy as np
import pytest

from tests.helpers.made_pages import write_page
from tests.helpers.zips import zipped
from unitdisc.corpora.samples.drawn_pages import draw_page
from unitdisc.corpora.samples.page_texts import page_xml
from unitdisc.errors import InputError
from unitdisc.features.handwriting import read_line
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.line_images import check, probe
from unitdisc.formats.pages.source import PageSource, page_source


@pytest.fixture(scope="module")
def page():
    return draw_page(lines=2)


def read(source):
    with OpenSources() as sources:
        found = page_source(str(source), sources)
        return found and str(found) == str(source) and found == source


@pytest.mark.parametrize("line", ["l1", "a#b", "100%", "é", "a b", "x:1", "#"])
def test_any_id_and_any_path(tmp_path, page, line):
    folder = tmp_path / "a#b.xml"
    write_page(folder, "p#1", page)
    assert read(PageSource(str(folder / "p#1.png"), str(folder / "p#1.xml"), line))
    (tmp_path / "c#.zip").write_bytes(zipped({"i#.png": b"", "d/x#.xml": b""}))
    where = str(tmp_path / "c#.zip")
    for frame in (None, 0, 12):
        assert read(PageSource(f"{where}#i#.png", f"{where}#d/x#.xml", line, frame))
        assert read(PageSource(str(folder / "p#1.png"), f"{where}#d/x#.xml", line, frame))


@pytest.mark.parametrize("source", ["", "a.png", "a.zip#b.png", "a#b#c", "#", "##", "a.zip#b.zip#c.png"])
def test_other_sources_are_none_of_pages(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.zip").write_bytes(zipped({"b.png": b"", "b.zip#c.png": b""}))
    with OpenSources() as sources:
        assert page_source(source, sources) is None


def test_features_of_folder_and_zip_are_equal(tmp_path, page):
    write_page(tmp_path, "p", page)
    (tmp_path / "p.zip").write_bytes(zipped({n: (tmp_path / n).read_bytes() for n in ("p.png", "p.xml")}))
    where = f"{tmp_path / 'p.zip'}#"
    inside = PageSource(f"{where}p.png", f"{where}p.xml", "l2")
    plain = PageSource(str(tmp_path / "p.png"), str(tmp_path / "p.xml"), "l2")
    found = read_line(str(plain))
    np.testing.assert_array_equal(found, read_line(str(inside)))
    assert probe(str(plain))[0] == len(found)
    check(str(plain))


def test_a_line_that_is_gone(tmp_path, page):
    write_page(tmp_path, "p", page)
    source = str(PageSource(str(tmp_path / "p.png"), str(tmp_path / "p.xml"), "l9"))
    with pytest.raises(InputError, match=r"p\.xml: has no line 'l9'; read the corpus again"):
        read_line(source)
    (tmp_path / "p.xml").write_text(page_xml(page, "p.png").replace('imageHeight="', 'imageHeight="9'))
    with pytest.raises(InputError, match=r"p\.png: has .* pixels, and its page file is of an image of"):
        read_line(source.replace("l9", "l1"))
