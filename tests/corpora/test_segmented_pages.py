"""Bare pages and the program that segments them; where kraken is installed, the real one."""

import shutil
import stat

import numpy as np
import pytest
from PIL import Image

from tests.helpers.corpora import read_corpus
from unitdisc.corpora.pages import PagesCorpus, PagesSettings
from unitdisc.corpora.samples.drawn_pages import draw_page
from unitdisc.corpora.samples.page_texts import page_xml
from unitdisc.errors import InputError


@pytest.fixture
def bare(tmp_path):
    page = draw_page(lines=2)
    (tmp_path / "root" / "anna").mkdir(parents=True)
    Image.fromarray(page.image).save(tmp_path / "root" / "anna" / "f 1.png")
    (tmp_path / "made.xml").write_text(page_xml(page, "whatever.png"))
    return tmp_path


def stand_in(folder, body):
    """A program in place of kraken: -x -i IMAGE OUTPUT segment -bl."""
    path = folder / "kraken"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def reader(bare, program):
    settings = PagesSettings(root=bare / "root", bare="segment", kraken=program, splits={"train": 1})
    return PagesCorpus(settings, bare / "kept")


def test_pages_are_segmented_once(bare):
    program = stand_in(
        bare, f'[ "$1 $2 $5 $6" = "-x -i segment -bl" ] || exit 3\necho run >> {bare}/runs\ncp {bare}/made.xml "$4"'
    )
    for _ in range(2):
        utterances, _ = reader(bare, program).read()
        assert [each.utterance for each in utterances] == ["anna-f_1-l1", "anna-f_1-l2"]
        assert utterances[0].source == f"{bare}/root/anna/f 1.png#{bare}/kept/pages/anna/f 1.xml#l1"
    assert (bare / "runs").read_text() == "run\n"
    Image.fromarray(255 - np.asarray(Image.open(bare / "root" / "anna" / "f 1.png"))).save(
        bare / "root" / "anna" / "f 1.png"
    )
    reader(bare, program).read()
    assert (bare / "runs").read_text() == "run\nrun\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo no lines >&2; exit 1", r"kraken cannot segment the page \(no lines\)"),
        ("exit 0", r"kraken cannot segment the page \(it says nothing\)"),
        ('echo "<PcGts>" > "$4"', "is not XML that can be read"),
    ],
)
def test_what_kraken_cannot_segment(bare, body, message):
    with pytest.raises(InputError, match=message):
        reader_of = reader(bare, stand_in(bare, body))
        reader_of.read()
        reader_of.settle()
    assert not (bare / "kept" / "pages" / "anna" / "f 1.xml").is_file() or "PcGts" in body


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kraken") is None, reason="kraken is not installed")
def test_kraken_finds_the_lines(tmp_path):
    page = draw_page(lines=3, size=2)
    Image.fromarray(page.image).save(tmp_path / "a.png")
    utterances, _ = read_corpus("pages", root=tmp_path, bare="segment", splits={"train": 1})
    assert len(utterances) == 3
