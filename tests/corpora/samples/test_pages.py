"""The sample of pages: the same bytes for a seed, splits of its writers, and what `kind: pages` reads of it."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.corpora import read_corpus
from tests.helpers.schemas import check_alto, check_page
from unitdisc.corpora.samples import pages
from unitdisc.corpora.samples.drawn_pages import draw_page
from unitdisc.corpora.samples.pages import SamplePages, SamplePagesSettings
from unitdisc.features.handwriting import Handwriting, HandwritingSettings

pytest.importorskip("HersheyFonts", reason="needs the extra 'sample'")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    SamplePages(SamplePagesSettings(writers=3, lines=2), folder).make()
    return folder


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_it_has_two_pages_of_each_writer_whose_files_keep_their_schemas(made):
    files = contents(made)
    assert list(files) == [f"scribe0{w}/000{p}.{e}" for w in (1, 2, 3) for p in (1, 2) for e in ("png", "xml")]
    check_page(files["scribe01/0001.xml"])
    check_alto(files["scribe01/0002.xml"], (4, 2))


def test_a_seed_gives_the_same_bytes_and_another_one_others(made, tmp_path):
    pages.draw(tmp_path / "same", writers=3, lines=2)
    assert contents(tmp_path / "same") == contents(made)
    pages.draw(tmp_path / "other", writers=3, lines=2, seed=1)
    assert not {*contents(tmp_path / "other").values()} & {*contents(made).values()}


def test_every_writer_is_in_one_split(made):
    utterances, labels = SamplePages(SamplePagesSettings(writers=3, lines=2), made).read()
    assert labels == []
    splits = {"scribe01": "train", "scribe02": "dev", "scribe03": "test"}
    assert [(each.speaker, each.split) for each in utterances] == [each for each in splits.items() for _ in range(4)]
    assert all(each.text for each in utterances)


def test_it_is_a_corpus_of_pages_to_anybody(made):
    found, _ = read_corpus("pages", root=made, splits={"train": 1})
    expected, _ = SamplePages(SamplePagesSettings(writers=3, lines=2), made).read()
    plain = [(each.utterance, each.source, each.text, each.duration) for each in expected]
    assert [(each.utterance, each.source, each.text, each.duration) for each in found] == plain


def test_lines_of_the_straight_page_are_those_that_were_drawn(made):
    handwriting = Handwriting(HandwritingSettings())
    found, _ = read_corpus("pages", root=made, splits={"train": 1})
    features = list(handwriting.read([each.source for each in found[:2]]))
    for line, text, own in zip(draw_page(lines=2).lines, found, features, strict=False):
        assert line.text == text.text
        np.testing.assert_array_equal(handwriting.compute(line.image), own)
