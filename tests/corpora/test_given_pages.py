"""Pages to encode that are in no corpus: files, folders and zips, and what is none of them."""

from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.dialects import page_files, size
from tests.helpers.zips import zipped
from unitdisc.corpora.given import given_utterances
from unitdisc.errors import InputError
from unitdisc.modality import handwriting, speech

page = page_files["Transkribus"]


@pytest.fixture
def export(tmp_path) -> Path:
    """Two documents as Transkribus exports them, each with a page."""
    for folder in ("a", "b"):
        page.write(tmp_path / "export" / folder / "page" / "0001.xml")
        Image.new("L", size, 255).save(tmp_path / "export" / folder / "0001.png")
    return tmp_path / "export"


def found(*paths, **options):
    return [(row.utterance, row.speaker) for row in given_utterances(paths, handwriting, **options)]


def test_a_page_file(export):
    assert found(export / "a/page/0001.xml") == [(f"0001-{own}", "0001") for own in page.ids]


def test_a_folder_and_its_zip(export, tmp_path):
    expected = [(f"{folder}-0001-{own}", folder) for folder in "ab" for own in page.ids]
    assert found(export) == expected
    files = {str(path.relative_to(export)): path.read_bytes() for path in export.rglob("*.*")}
    (tmp_path / "e.zip").write_bytes(zipped(files))
    assert found(tmp_path / "e.zip") == expected
    assert {speaker for _, speaker in found(export, speaker="0001")} == {"0001"}


def test_a_page_file_beside_others_is_read_alone(tmp_path, caplog):
    for stem in "pq":
        page.write(tmp_path / f"{stem}.xml")
        Image.new("L", size, 255).save(tmp_path / f"{stem}.png")
    (tmp_path / "r.xml").write_text("<PcGts>")
    Image.new("L", size, 255).save(tmp_path / "r.png")
    assert {name[0] for name, _ in found(tmp_path / "q.xml")} == {"q"}
    assert "left out" not in caplog.text


def test_a_page_that_cannot_be_read_does_not_stop_the_others(export, caplog):
    (export / "b/page/0001.xml").write_text("<PcGts>")
    assert {name[0] for name, _ in found(export)} == {"a"}
    assert "left out" in caplog.text


def test_line_images_beside_other_xml_are_line_images(tmp_path):
    Image.new("L", (200, 40), 255).save(tmp_path / "x.png")
    (tmp_path / "mets.xml").write_text("<mets/>")
    assert found(tmp_path) == [("x", "x")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.xml", b"<mets/>", "holds no page file with its image: PAGE or ALTO"),
        ("x.xml", page.text.encode(), "is of the image"),
        ("x.xml", b"nothing", "is not XML that can be read"),
        ("x.zip", b"nothing", "x.zip: "),
        ("x.zip", zipped({"a.txt": b""}), "holds no page file with its image: PAGE or ALTO"),
    ],
)
def test_what_has_no_page_is_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as told:
        found(tmp_path / name)
    assert message in str(told.value)


def test_pages_have_no_splits_and_no_sound(export):
    with pytest.raises(InputError, match="has no splits"):
        found(export, splits=("test",))
    with pytest.raises(InputError, match="is no recording, which this model encodes"):
        given_utterances([export / "a/page/0001.xml"], speech)
