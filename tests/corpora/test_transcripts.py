"""Transcripts of every kind of corpus that has them: as they are spelt, in one line, and never an error."""

import json
import unicodedata

import pytest
from PIL import Image

from tests.helpers.corpora import kaldi_split, read_corpus, read_kaldi, recorded
from tests.helpers.dialects import page_files, size
from unitdisc import tables
from unitdisc.corpora.samples import handwriting, speech
from unitdisc.corpora.transcripts import transcripts
from unitdisc.formats.text import transcript
from unitdisc.notices import Notices
from unitdisc.records import Utterance

nfd = unicodedata.normalize("NFD", "één")


def texts_of(kind, **options):
    return {each.utterance: each.text for each in read_corpus(kind, **{"splits": {"train": 1}, **options})[0]}


def test_a_transcript_is_one_line_as_it_is_spelt():
    assert transcript(f" {nfd}\u00a0 b\tc\r\nd\x00e\ud800f\u2028g ") == f"{nfd} b c d e f g"
    assert transcript("שלום\u200f עולם") == "שלום\u200f עולם"


def test_text_of_kaldi(tmp_path):
    folder = kaldi_split(tmp_path / "train", ["a", "b", "c"])
    (folder / "text").write_text(f"b  {nfd} TWO\tTHREE \nc\nunknown X\n")
    found = {each.utterance: each.text for each in read_kaldi(tmp_path, {"train": "train"})[0]}
    assert found == {"a": "", "b": f"{nfd} TWO THREE", "c": ""}


def test_what_is_no_text_is_a_notice(tmp_path, caplog):
    folder = kaldi_split(tmp_path / "train", ["a"])
    (folder / "text").write_bytes(b"a \xff\n")
    assert [each.text for each in read_kaldi(tmp_path, {"train": "train"})[0]] == [""]
    assert "files of transcripts that cannot be read, left out: 1" in caplog.text


def test_librispeech(tmp_path):
    recorded(tmp_path, "84/1/84-1-0.flac", "84/1/84-1-1.flac", "84/2/84-1-0.flac")
    (tmp_path / "84/1/84-1.trans.txt").write_text("84-1-0 GO  ON\n84-1-7 NOBODY\n")
    assert texts_of("folder", root=tmp_path) == {"84-1-84-1-0": "GO ON", "84-1-84-1-1": "", "84-2-84-1-0": ""}


def test_ground_truth_beside_line_images(tmp_path):
    for name in ("a.png", "b.png"):
        Image.new("L", (100, 40), 255).save(tmp_path / name)
    (tmp_path / "a.gt.txt").write_text(f"{nfd}\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("notes")
    assert texts_of("folder", root=tmp_path, features={"kind": "handwriting"}) == {"a": nfd, "b": ""}


def test_transcripts_in_an_unknown_encoding_are_counted(tmp_path):
    (tmp_path / "a.gt.txt").write_bytes("é".encode("latin-1"))
    notices = Notices()
    assert transcripts([tmp_path / "a.gt.txt"], {"a": tmp_path / "a.png"}, notices) == {}
    assert "left out: 1" in notices.lines()[0]


@pytest.mark.parametrize(("name", "columns"), [("text", {}), ("sentence", {"text": "sentence"})])
def test_a_column_of_a_table(tmp_path, name, columns):
    recorded(tmp_path, "a.wav", "b.wav", "c.wav")
    rows = [{"path": "a.wav", name: 'said "so\nand'}, {"path": "b.wav", name: None}, {"path": "c.wav", name: [7]}]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = texts_of("table", table=tmp_path / "t.jsonl", columns=columns)
    assert found == {"a": 'said "so and', "b": "", "c": ""}


@pytest.mark.parametrize("name", page_files)
def test_lines_of_pages(tmp_path, name):
    Image.new("L", size, 255).save(tmp_path / "p.png")
    page_files[name].write(tmp_path / "p.xml")
    found = texts_of("pages", root=tmp_path)
    assert list(found.values()) == [transcript(line.text) for line in page_files[name].lines()]


def test_the_samples(tmp_path):
    handwriting.draw(tmp_path / "lines", lines=4, writers=2)
    lines = handwriting.SampleHandwriting(handwriting.SampleHandwritingSettings(), tmp_path / "lines").read()
    characters = {each.utterance: [] for each in lines[0]}
    for label in lines[1]:
        characters[label.utterance].append(label.label)
    for each in lines[0]:  # labels do not repeat letters
        assert set(each.text.replace(" ", "_")) == set(characters[each.utterance]) - {"*"}
    speech.synthesise(tmp_path / "speech", minutes=0.1)
    spoken = speech.SampleSpeech(speech.SampleSpeechSettings(), tmp_path / "speech").read()[0]
    assert all(len(each.text.split()) > 1 for each in spoken)


def test_a_table_without_transcripts_is_as_before(tmp_path):
    rows = [Utterance("a", "train", "s", "a.wav", 1.0), Utterance("b", "train", "s", "b.wav", 2.5)]
    tables.write(tmp_path / "u.tsv", iter(rows), Utterance)
    before = "utterance\tsplit\tspeaker\tsource\tduration\na\ttrain\ts\ta.wav\t1\nb\ttrain\ts\tb.wav\t2.5\n"
    assert (tmp_path / "u.tsv").read_text() == before
    assert tables.read_records(tmp_path / "u.tsv", Utterance) == rows
    assert tables.read(tmp_path / "u.tsv", Utterance)["text"].tolist() == ["", ""]
