"""Pages as a corpus, laid out as programs export them."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.helpers.corpora import read_corpus
from tests.helpers.made_pages import write_page
from tests.helpers.page_files import line, page, region
from tests.helpers.zips import zipped
from unitdisc.corpora.pages import PagesCorpus, PagesSettings
from unitdisc.corpora.samples.drawn_pages import draw_page
from unitdisc.corpora.samples.page_texts import alto_xml, page_xml
from unitdisc.errors import InputError
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.shards import stamp

thirds = {"train": 1, "dev": 1, "test": 1}


@pytest.fixture(scope="module")
def drawn():
    return [draw_page(lines=2, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, drawn):
    """As Transkribus exports a collection: a folder of each document, page files in sub-folders."""
    root = tmp_path_factory.mktemp("export")
    for writer, page_of in zip(("anna", "bert", "carl"), drawn, strict=True):
        write_page(root / writer, "0001", page_of, ending=".jpg")
        for kind, text in (
            ("page", page_xml(page_of, "0001.jpg", version="2013")),
            ("alto", alto_xml(page_of, "0001.jpg")),
        ):
            (root / writer / kind).mkdir()
            (root / writer / kind / "0001.xml").write_text(text)
        (root / writer / "0001.xml").unlink()
        (root / writer / "thumbs").mkdir()
        Image.new("L", (9, 9)).save(root / writer / "thumbs" / "0001.jpg")
        (root / writer / "mets.xml").write_text("<mets/>")
    return root


def test_an_export_of_transkribus(exported, caplog):
    utterances, labels = read_corpus("pages", root=exported, splits=thirds)
    assert labels == []
    assert [each.utterance for each in utterances] == [
        f"{w}-0001-l{n}" for w in ("anna", "bert", "carl") for n in (1, 2)
    ]
    assert {(each.speaker, each.utterance[:4]) for each in utterances} == {(w, w) for w in ("anna", "bert", "carl")}
    assert {each.split for each in utterances} == {"train", "dev", "test"}
    assert utterances[0].source == f"{exported}/anna/0001.jpg#{exported}/anna/page/0001.xml#l1"
    features = Handwriting(HandwritingSettings()).read([each.source for each in utterances])
    assert [len(each) for each in features] == [each.duration for each in utterances]
    for notice in ("neither PAGE nor ALTO, left out: 3", "both PAGE and ALTO, of which one was read: 3"):
        assert notice in caplog.text


def test_the_zip_of_it_has_the_same_lines(exported, tmp_path):
    files = [path for path in sorted(exported.rglob("*")) if path.is_file()]
    archive = tmp_path / "export.zip"
    archive.write_bytes(zipped({str(path.relative_to(exported)): path.read_bytes() for path in files}))
    plain, _ = read_corpus("pages", root=exported, splits=thirds, format="alto")
    inside, _ = read_corpus("pages", root=archive, splits=thirds, format="alto")
    assert [(each.utterance, each.split, each.speaker, each.duration) for each in inside] == [
        (each.utterance, each.split, each.speaker, each.duration) for each in plain
    ]
    assert inside[0].source == f"{archive}#anna/0001.jpg#{archive}#anna/alto/0001.xml#l1"
    assert "/alto/" in plain[0].source


def test_lines_come_in_reading_order(tmp_path):
    Image.new("L", (1000, 800), 200).save(tmp_path / "a.png")
    first = line("z", 'custom="readingOrder {index:0;}"')
    (tmp_path / "a.xml").write_text(page(region("r", line("b", 'custom="readingOrder {index:1;}"') + first)))
    assert [each.utterance for each in read_corpus("pages", root=tmp_path, splits={"train": 1})[0]] == ["a-z", "a-b"]


def test_no_page_is_in_two_splits(tmp_path, drawn):
    for stem, each in zip("abc", drawn, strict=True):
        write_page(tmp_path / "anna", stem, each)
    utterances, _ = read_corpus("pages", root=tmp_path, splits=thirds)
    assert len({(each.utterance[:6], each.split) for each in utterances}) == 3
    with pytest.raises(InputError, match="1 speakers cannot fill 3 splits"):
        read_corpus("pages", root=tmp_path, splits=thirds, split_by="speaker")


def test_splits_of_folders_and_lists(exported, tmp_path):
    (tmp_path / "test.txt").write_text("carl/0001.jpg\n")
    splits = {"train": ["anna", "bert"], "test": str(tmp_path / "test.txt")}
    utterances, _ = read_corpus("pages", root=exported, splits=splits)
    assert {each.utterance[:4]: each.split for each in utterances} == {"anna": "train", "bert": "train", "carl": "test"}


def test_a_tiff_of_several_pages(tmp_path, drawn):
    images = [Image.fromarray(each.image) for each in drawn]
    images[0].save(tmp_path / "scan.tif", save_all=True, append_images=images[1:])
    for number, each in enumerate(drawn, start=1):
        (tmp_path / f"scan_{number}.xml").write_text(page_xml(each, "scan.tif"))
    utterances, _ = read_corpus("pages", root=tmp_path, splits=thirds)
    assert [each.utterance for each in utterances][::2] == ["scan-p1-l1", "scan-p2-l1", "scan-p3-l1"]
    features = Handwriting(HandwritingSettings()).read([each.source for each in utterances])
    for found, expected in zip(features, (own.image for each in drawn for own in each.lines), strict=True):
        np.testing.assert_array_equal(found, Handwriting(HandwritingSettings()).compute(expected))


def test_bad_lines_and_pages_are_all_found(exported, tmp_path):
    root = shutil.copytree(exported, tmp_path / "copy")
    path = root / "anna" / "page" / "0001.xml"
    path.write_text(path.read_text().replace("points=", 'points="x" p=', 2))
    (root / "bert" / "page" / "0001.xml").write_text("<PcGts>")
    (root / "carl" / "0001.jpg").write_bytes((root / "carl" / "0001.jpg").read_bytes()[:2000])
    with pytest.raises(InputError, match="utterances cannot be read"):
        read_corpus("pages", root=root, splits=thirds)
    shutil.rmtree(root / "carl")
    utterances, _ = read_corpus("pages", root=root, splits={"train": 1, "dev": 1}, on_bad_utterance="skip")
    assert [each.utterance for each in utterances] == ["anna-0001-l2", "bert-0001-l1", "bert-0001-l2"]  # of the ALTO


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (region("r", line("a") + line("a")), r"a\.xml:2: has two lines 'a'"),
        (region("r", line("a", inner="")), r"a\.xml:2: line 'a' has neither a polygon nor a baseline on the page"),
    ],
)
def test_lines_that_cannot_be(tmp_path, body, message):
    Image.new("L", (1000, 800), 200).save(tmp_path / "a.png")
    (tmp_path / "a.xml").write_text(page(body))
    with pytest.raises(InputError, match=message):
        read_corpus("pages", root=tmp_path, splits={"train": 1})


def test_bare_pages(exported, tmp_path):
    root = shutil.copytree(exported, tmp_path / "copy")
    shutil.copy(root / "anna" / "0001.jpg", root / "anna" / "0002.jpg")
    with pytest.raises(InputError, match=r"1 pages have no PAGE or ALTO, such as anna/0002\.jpg; .* bare: segment"):
        read_corpus("pages", root=root, splits=thirds)
    assert len(read_corpus("pages", root=root, splits=thirds, bare="skip")[0]) == 6
    with pytest.raises(InputError, match=r"no program 'no-kraken'; run pip install unitdisc\[pages\]"):
        read_corpus("pages", root=root, splits=thirds, bare="segment", kraken="no-kraken")


def test_nothing_to_read(tmp_path):
    with pytest.raises(InputError, match="holds no page file with its image"):
        read_corpus("pages", root=tmp_path)


def test_a_changed_page_file_changes_the_stamp_of_its_lines(exported):
    utterance = read_corpus("pages", root=exported, splits=thirds)[0][0]
    before = stamp(utterance)
    path = exported / "anna" / "page" / "0001.xml"
    path.write_text(path.read_text() + "\n")
    assert before is not None
    assert stamp(utterance) != before


def test_what_the_corpus_is_read_again_for(exported, tmp_path):
    reader = PagesCorpus(PagesSettings(root=exported, writers=tmp_path / "w.tsv"), tmp_path)
    assert (reader.folder(), reader.files()) == (exported, [])
    (tmp_path / "w.tsv").write_text("")
    assert reader.files() == [tmp_path / "w.tsv"]
