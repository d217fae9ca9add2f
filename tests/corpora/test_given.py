"""Files that are given by paths, as folders, or in lists: their names, speakers and mistakes."""

from pathlib import Path

import pytest

from unitdisc import tables
from unitdisc.corpora.given import given_utterances
from unitdisc.errors import InputError
from unitdisc.modality import handwriting, speech
from unitdisc.records import Utterance


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a/x.wav", "a/y.FLAC", "b/x.wav", "b/deep/z.mp3", "loose.ogg", "b/notes.md", "page.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(*paths, modality=speech, splits=(), speaker=None):
    return [
        (row.utterance, row.split, row.speaker, row.source)
        for row in given_utterances([Path(path) for path in paths], modality, splits=splits, speaker=speaker)
    ]


def test_below_a_folder_the_first_sub_folder_is_the_speaker(files):
    assert found(files) == [
        ("a-x", "", "a", f"{files}/a/x.wav"),
        ("a-y", "", "a", f"{files}/a/y.FLAC"),
        ("b-deep-z", "", "b", f"{files}/b/deep/z.mp3"),
        ("b-x", "", "b", f"{files}/b/x.wav"),
        ("loose", "", "loose", f"{files}/loose.ogg"),
    ]


def test_files_by_themselves_are_named_below_the_folder_around_them(files):
    assert found("loose.ogg") == [("loose", "", "loose", "loose.ogg")]
    assert found("a/x.wav", "a/y.FLAC") == [("x", "", "x", "a/x.wav"), ("y", "", "y", "a/y.FLAC")]
    assert [row[:3] for row in found("a/x.wav", "b/x.wav")] == [("a-x", "", "a-x"), ("b-x", "", "b-x")]
    assert found("page.png", modality=handwriting) == [("page", "", "page", "page.png")]


def test_a_file_that_is_given_twice_counts_once(files):
    assert found("loose.ogg", "loose.ogg") == [("loose", "", "loose", "loose.ogg")]
    assert found("a", files / "a") == found("a")


def test_a_list_of_paths_is_relative_to_itself_or_else_to_the_working_directory(files):
    (files / "a/list.txt").write_text("x.wav\r\n\nb/deep/z.mp3\n")
    assert found("a/list.txt") == [("a-x", "", "a-x", "a/x.wav"), ("b-deep-z", "", "b-deep-z", "b/deep/z.mp3")]


def test_files_that_a_list_names_need_not_exist(files):
    (files / "l.txt").write_text("loose.ogg\nmissing.wav\n")
    assert [row[3] for row in found("l.txt")] == ["loose.ogg", "missing.wav"]


@pytest.mark.parametrize(
    ("rule", "speakers"), [(1, ["a", "a", "b", "b"]), (-1, ["a", "a", "deep", "b"]), (".$", ["x", "y", "z", "x"])]
)
def test_the_speaker_of_a_folder_is_a_rule(files, rule, speakers):
    (files / "loose.ogg").unlink()
    assert [row[2] for row in found(files, speaker=rule)] == speakers


def test_a_table_may_have_parts_of_recordings(files):
    (files / "t.csv").write_text("path,start,end\na/x.wav,0,0.5\na/x.wav,0.5,1\n")
    assert found("t.csv") == [
        ("a-x-0000000-0000500", "", "a-x-0000000-0000500", "a/x.wav#t=0.000000,0.500000"),
        ("a-x-0000500-0001000", "", "a-x-0000500-0001000", "a/x.wav#t=0.500000,1.000000"),
    ]


def test_a_table_gives_names_speakers_and_splits(files):
    (files / "list.tsv").write_text("path\tspeaker\tsplit\tutterance\na/x.wav\tann é\ttest\tone\nloose.ogg\t\tdev\t\n")
    assert found("list.tsv") == [("one", "test", "ann é", "a/x.wav"), ("loose", "dev", "loose", "loose.ogg")]
    assert found("list.tsv", splits=["dev"]) == [("loose", "dev", "loose", "loose.ogg")]


def test_the_table_of_the_workflow_is_a_list(files):
    rows = [
        Utterance("u1", "train", "s", "a/x.wav#t=0.500000,1.500000", 1.0),
        Utterance("u2", "test", "s", f"{files}/b/x.wav", 1.0),
        Utterance("u3", "test", "s", "page.png", 1.0),
    ]
    tables.write("utterances.tsv", rows, Utterance)
    assert found("utterances.tsv") == [(row.utterance, row.split, row.speaker, row.source) for row in rows]


def test_kaldi_entries_are_names_and_paths(files):
    (files / "wav.scp").write_text("u1 a/x.wav\n\nu2\tb/deep/z.mp3\n")
    assert found("wav.scp") == [("u1", "", "u1", "a/x.wav"), ("u2", "", "u2", "b/deep/z.mp3")]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("wav.scp", "u1 sox x.wav -t wav - |\n", "wav.scp:1: is a command, which is not run here"),
        ("wav.scp", "u1\n", "wav.scp:1: has 1 fields, 2 wanted: 'u1'"),
        ("l.tsv", "path\tstart\nloose.ogg\t-1\n", "l.tsv:2: starts at -1 s, before 0"),
        ("l.tsv", "source\tutterance\ncat a |\tu\n", "l.tsv:2: is a command, which is not run here"),
        ("l.tsv", "utterance\tspeaker\nu\ts\n", "l.tsv:1: has no column source or path"),
        ("l.tsv", "path\tspeaker\nloose.ogg\n", "l.tsv:2: has 1 fields where the header has 2"),
        ("l.tsv", "", "l.tsv: lists no files"),
        ("l.txt", "\n", "l.txt: lists no files"),
        ("l.tsv", "path\n", "l.tsv: lists no files"),
        ("l.tsv", "path\tutterance\na/x.wav\tu\nb/x.wav\tu\n", "b/x.wav: is the utterance 'u', as a/x.wav is"),
    ],
)
def test_a_mistake_in_a_list_is_one_line_with_its_place(files, name, text, error):
    (files / name).write_text(text)
    with pytest.raises(InputError) as raised:
        found(name)
    assert str(raised.value).startswith(error)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nowhere", "nowhere: no such file or folder"),
        ("page.png", "page.png: is no recording, which this model encodes; endings are .aif"),
        ("empty", "empty: holds no recordings"),
    ],
)
def test_what_cannot_be_encoded_is_told(files, path, error):
    (files / "empty").mkdir()
    with pytest.raises(InputError) as raised:
        found(path)
    assert str(raised.value).startswith(error)


def test_a_split_that_no_row_has_is_told(files):
    (files / "list.tsv").write_text("path\tsplit\nloose.ogg\tdev\n")
    with pytest.raises(InputError, match="lists no recordings of the splits test"):
        found("list.tsv", splits=["test"])
