"""A table as a corpus: layouts of common corpora, parts of recordings, and one line for every fault."""

import json
import os
from functools import partial

import pandas as pd
import pytest
from PIL import Image

from tests.helpers import corpora
from tests.helpers.corpora import read_corpus
from unitdisc import registry
from unitdisc.corpora.table import TableSettings
from unitdisc.corpora.table_rows import Places
from unitdisc.errors import InputError
from unitdisc.formats import audio

recorded = partial(corpora.recorded, seconds=1.0)


def listed(path, *rows):
    """Write rows as a table of the format that the path's ending says."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pd.DataFrame(list(rows)).to_parquet(path)
    else:
        pd.DataFrame(list(rows)).to_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index=False)
    return path


def read(table, **options):
    return read_corpus("table", table=table, **options)


def rows_of(table, **options):
    return [(u.utterance, u.split, u.speaker) for u in read(table, **options)[0]]


whole = {"train": 1}


def test_only_a_path_is_needed(tmp_path):
    recorded(tmp_path, *(f"wav/{n}.wav" for n in range(10)))
    utterances, labels = read(listed(tmp_path / "t.tsv", *({"path": f"wav/{n}.wav"} for n in range(10))))
    assert labels == []
    assert [(u.utterance, u.speaker) for u in utterances] == [(f"wav-{n}", f"wav-{n}") for n in range(10)]
    assert sorted(u.split for u in utterances) == ["dev", "test", *["train"] * 8]
    assert {u.source for u in utterances} == {str(tmp_path / "wav" / f"{n}.wav") for n in range(10)}
    assert {u.duration for u in utterances} == {1.0}


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl", "parquet"])
def test_every_format_and_column(tmp_path, ending):
    recorded(tmp_path / "wav", "a.wav", "b.flac")
    path = listed(
        tmp_path / f"t.{ending}",
        {"path": "wav/a.wav", "utterance": "x 1", "speaker": "Anna B", "split": "train", "start": 0.25, "end": 0.75},
        {"path": "wav/a.wav", "utterance": "x2", "speaker": "Anna B", "split": "train", "start": 0.75, "end": None},
        {"path": "wav/b.flac", "utterance": "y", "speaker": "7", "split": "validation", "start": None, "end": 0.5},
    )
    utterances, _ = read(path)
    assert [(u.utterance, u.split, u.speaker, u.duration) for u in utterances] == [
        ("x_1", "train", "Anna_B", 0.5), ("x2", "train", "Anna_B", 0.25), ("y", "dev", "7", 0.5),
    ]  # fmt: skip
    assert utterances[0].source == f"{tmp_path / 'wav' / 'a.wav'}#t=0.250000,0.750000"
    assert [len(audio.read(u.source)[0]) for u in utterances] == [8000, 4000, 8000]


def test_common_voice(tmp_path):
    """TSVs by split, MP3s in a folder of their own, speakers as client_id, and quotes in sentences."""
    names = [f"common_voice_xx_{n}.mp3" for n in range(6)]
    recorded(tmp_path / "cv" / "clips", *names, seconds=0.5)
    head = "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tlocale\n"
    for split, of in (("train", names[:3]), ("dev", names[3:4]), ("test", names[4:])):
        text = "".join(f'c{n[-5]}\t{n}\t{n}\tsaid "so\t\t2\txx\n' for n in of)
        (tmp_path / "cv" / f"{split}.tsv").write_text(head + text)
    tables = {split: tmp_path / "cv" / f"{split}.tsv" for split in ("train", "dev", "test")}
    utterances, _ = read(tables, root=tmp_path / "cv" / "clips", columns={"speaker": "client_id"})
    assert [(u.utterance, u.split, u.speaker) for u in utterances] == [
        (f"common_voice_xx_{n}", split, f"c{n}") for n, split in enumerate(["train"] * 3 + ["dev"] + ["test"] * 2)
    ]
    assert all(abs(u.duration - 0.5) < 0.1 for u in utterances)


def test_a_manifest_with_offset_and_duration(tmp_path):
    """JSON lines of audio_filepath, offset, duration and text, as NeMo writes them."""
    recorded(tmp_path, "a.wav")
    path = listed(
        tmp_path / "train.jsonl",
        {"audio_filepath": str(tmp_path / "a.wav"), "offset": 0.0, "duration": 0.4, "text": "one"},
        {"audio_filepath": str(tmp_path / "a.wav"), "offset": 0.4, "duration": 0.6, "text": "two"},
    )
    utterances, _ = read({"train": path}, columns={"path": "audio_filepath", "start": "offset"})
    assert [(u.utterance, u.duration) for u in utterances] == [("a-0000000-0000400", 0.4), ("a-0000400-0001000", 0.6)]


def test_several_tables_of_a_split_and_one_utterance_in_two(tmp_path):
    recorded(tmp_path, "a.wav", "b.wav", "c.wav")
    one, two, three = (listed(tmp_path / f"{n}.tsv", {"path": f"{n}.wav"}) for n in "abc")
    assert rows_of({"train": [one, two], "test": three}) == [
        ("a", "train", "a"), ("b", "train", "b"), ("c", "test", "c"),
    ]  # fmt: skip
    with pytest.raises(InputError, match=rf"c\.tsv:2: 'c' occurs twice, first on line 2 of {two}"):
        rows_of({"train": listed(two, {"path": "c.wav"}), "test": three})


def test_paths_are_those_of_the_root_the_table_or_the_working_directory(tmp_path, monkeypatch):
    recorded(tmp_path / "clips", "a.wav")
    recorded(tmp_path / "lists", "b.wav")
    recorded(tmp_path / "here", "c.wav", "b.wav")
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "d.wav").write_bytes((tmp_path / "here" / "c.wav").read_bytes())
    path = listed(tmp_path / "lists" / "t.tsv", *({"path": p} for p in ("a.wav", "b.wav", "c.wav", "../d.wav")))
    utterances, _ = read(path, root=tmp_path / "clips", splits=whole)
    assert [(u.utterance, u.source) for u in utterances] == [
        ("a", str(tmp_path / "clips/a.wav")), ("b", str(tmp_path / "lists/b.wav")), ("c", "c.wav"),
        ("d", str(tmp_path / "clips/../d.wav")),
    ]  # fmt: skip


def test_values_of_the_column_split_are_mapped_and_others_left_out(tmp_path, caplog):
    recorded(tmp_path, "a.wav", "b.wav", "c.wav")
    path = listed(tmp_path / "t.tsv", *({"path": f"{n}.wav", "part": p} for n, p in zip("abc", "ABC", strict=True)))
    options = {"columns": {"split": "part"}}
    assert rows_of(path, splits={"train": "A", "test": ["C"]}, **options) == [("a", "train", "a"), ("c", "test", "c")]
    assert "rows that are in no split, left out: 1 (first: 'b' in 'B')" in caplog.text
    with pytest.raises(InputError, match="has no row of the splits; its column split has 'A', 'B', 'C'; map them"):
        rows_of(path, **options)
    with pytest.raises(InputError, match="has no column 'split'; its columns are path, part"):
        rows_of(path, splits={"train": "A"})
    assert {split for _, split, _ in rows_of(path, splits={"train": 2, "test": 1}, **options)} == {"train", "test"}


def test_parts_of_a_recording_without_speakers_stay_in_one_split(tmp_path):
    recorded(tmp_path, *(f"{n}.wav" for n in range(10)))
    path = listed(
        tmp_path / "t.tsv",
        *({"path": f"{n}.wav", "start": k / 10, "end": (k + 1) / 10} for n in range(10) for k in range(5)),
    )
    for by in (None, "file", "speaker"):
        found = {(name.split("-")[0], split) for name, split, _ in rows_of(path, split_by=by)}
        assert len(found) == 10
        assert sorted(split for _, split in found) == ["dev", "test", *["train"] * 8]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"path": ""}, "names no file"),
        ({"path": "gone.wav"}, r"gone\.wav: no such file"),
        ({"path": "bad.wav"}, r"bad\.wav: cannot be decoded"),
        ({"start": "nan"}, "start 'nan' is not a number"),
        ({"start": "-1"}, "starts at -1 s, before 0"),
        ({"start": "1e308"}, "start '1e308' is not a number"),
        ({"start": "0.5", "end": "0.5"}, "ends at 0.5 s, not after its start at 0.5 s"),
        ({"start": "0.5", "end": "0.2"}, "ends at 0.2 s, not after its start at 0.5 s"),
        ({"end": "1.8"}, r"segment 0–1\.8 s does not lie in the 1 s of audio"),
        ({"start": "3"}, r"segment 3–1 s does not lie in the 1 s of audio"),
        ({"duration": "0"}, "has a duration of 0, not above 0"),
        ({"end": "x"}, "end 'x' is not a number"),
        ({"labels": "gone.TextGrid"}, r"gone\.TextGrid: no such file of labels"),
        ({"utterance": "a\x01b"}, r"has a name with characters that cannot be written: 'a\\x01b'"),
    ],
)
def test_a_fault_of_a_row_is_one_line_or_left_out(tmp_path, row, message):
    recorded(tmp_path, "a.wav", "b.wav")
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    columns = dict.fromkeys(("path", "utterance", "start", "end", "duration", "labels"), "")
    path = tmp_path / "t.tsv"
    rows = [columns | {"path": "a.wav"}, columns | {"path": "b.wav"} | row]
    path.write_text("".join("\t".join(of) + "\n" for of in (columns, *(each.values() for each in rows))))
    with pytest.raises(InputError, match=rf"t\.tsv:3: .*{message}") as error:
        read(path, splits=whole)
    assert "\n" not in str(error.value)
    assert [name for name, *_ in rows_of(path, splits=whole, on_bad_utterance="skip")] == ["a"]


def test_many_faults_are_told_at_once(tmp_path):
    path = listed(tmp_path / "t.tsv", *({"path": f"{n}.wav"} for n in range(5)))
    with pytest.raises(
        InputError, match=r"5 utterances cannot be read: .*t\.tsv:2: .*0\.wav: no such file; .*; and 2 more"
    ):
        read(path)
    recorded(tmp_path, "1.wav")
    assert rows_of(path, splits=whole, on_bad_utterance="skip") == [("1", "train", "1")]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"path": ["a.wav"]}, r"path \['a\.wav'\] is not text"),
        ({"path": {"bytes": "x"}}, "is not text"),
        ({"path": "a.wav", "speaker": True}, "speaker True is not text"),
        ({"path": "a.wav", "start": "soon"}, "start 'soon' is not a number"),
        ({"path": "a.wav", "labels": 3}, "labels are neither a list"),
        ({"path": "a.wav", "labels": [["a", 0, 1]]}, "labels are neither a list"),
        ({"path": "a.wav", "labels": [{"start": 0, "label": "a"}]}, "labels are neither a list"),
        ({"path": "a.wav", "labels": [{"start": 0, "end": True, "label": "a"}]}, "end True is not a number"),
        ({"path": "a.wav", "labels": [{"start": 0.5, "end": 0.2, "label": "a"}]}, "does not end after it starts"),
        ({"path": "a.wav", "labels": [{"start": -1, "end": 0.2, "label": "a"}]}, "starts before 0"),
        ({"path": "a.wav", "labels": [{"start": 0, "end": 3, "label": "a"}]}, "lies past the end at 1"),
    ],
)
def test_wrong_types_name_the_row(tmp_path, cells, message):
    recorded(tmp_path, "a.wav")
    path = listed(tmp_path / "t.jsonl", cells)
    with pytest.raises(InputError, match=rf"t\.jsonl:1: .*{message}"):
        read(path, splits=whole)


def test_ends_past_the_end_by_a_little_are_cut_with_a_notice(tmp_path, caplog):
    recorded(tmp_path, "a.wav")
    utterances, _ = read(listed(tmp_path / "t.tsv", {"path": "a.wav", "start": 0.5, "end": 1.2}), splits=whole)
    assert [u.duration for u in utterances] == [0.5]
    assert "segments past the end of their recording, cut there: 1" in caplog.text


def test_durations_of_the_table_are_trusted_where_that_is_wanted(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"never opened")
    path = listed(tmp_path / "t.tsv", {"path": "a.wav", "duration": 12.5})
    assert [u.duration for u in read(path, splits=whole, durations="table")[0]] == [12.5]
    with pytest.raises(InputError, match="cannot be decoded"):
        read(path, splits=whole)
    path = listed(tmp_path / "u.tsv", {"path": "a.wav", "speaker": "x"})
    with pytest.raises(InputError, match=r"u\.tsv:2: says no duration, and durations are those of the table"):
        read(path, splits=whole, durations="table")
    path = listed(tmp_path / "v.tsv", {"path": "b.wav", "start": 1, "end": 3})
    with pytest.raises(InputError, match=r"b\.wav: no such file"):
        read(path, splits=whole, durations="table")


def test_line_images(tmp_path):
    for number in range(3):
        Image.new("L", (100 + number, 64), 255).save(tmp_path / f"{number}.png")
    path = listed(tmp_path / "t.csv", *({"path": f"{n}.png", "speaker": "w", "start": ""} for n in range(3)))
    utterances, _ = read(path, splits=whole, features={"kind": "handwriting"})
    assert [(u.utterance, u.speaker, u.duration) for u in utterances] == [
        ("0", "w", 50),
        ("1", "w", 51),
        ("2", "w", 51),
    ]
    listed(path, {"path": "0.png", "start": 1, "end": 9})
    with pytest.raises(InputError, match="an image cannot be cut"):
        read(path, splits=whole, features={"kind": "handwriting"})


def test_sample_rates(tmp_path):
    recorded(tmp_path, "a.wav", rate=8000)
    path = listed(tmp_path / "t.tsv", {"path": "a.wav"})
    with pytest.raises(InputError, match="8000 Hz, but the corpus requires 16000 Hz"):
        read(path, splits=whole, sample_rate=16000)


@pytest.mark.parametrize("text", ["path\n", ""])
def test_a_table_without_rows(tmp_path, text):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match=r"has no (rows|column 'path')"):
        read(tmp_path / "t.tsv")


def test_what_runs_programs_or_reads_elsewhere_is_no_file(tmp_path):
    path = listed(tmp_path / "t.tsv", {"path": "sox a.wav -t wav - |"}, {"path": "a.ark:12"})
    with pytest.raises(InputError, match=r"2 utterances cannot be read: .*no such file.*no such file"):
        read(path)


def test_settings_that_say_the_split_twice(tmp_path):
    for options in ({"splits": {"train": 1}}, {"columns": {"split": "part"}}):
        with pytest.raises(ValueError, match="table names the tables of each split"):
            TableSettings(table={"train": tmp_path}, **options)


def test_files_and_sources_are_watched(tmp_path, monkeypatch):
    recorded(tmp_path, "a.wav")
    (tmp_path / "a.TextGrid").touch()
    path = listed(tmp_path / "t.tsv", *({"path": "a.wav", "start": n, "labels": "a.TextGrid"} for n in range(3)))
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = TableSettings(table={"train": "~/t.tsv"})
    reader = registry.corpora.load("table")(settings, tmp_path)
    assert list(reader.files()) == [path]
    assert [os.fspath(source) for source in reader.sources()] == [str(tmp_path / "a.wav"), str(tmp_path / "a.TextGrid")]


def test_a_path_of_many_marks_is_missing_and_takes_no_time(tmp_path):
    for place in (":" * 5000, "#:" * 5000, '{"a":' * 20_000):
        with pytest.raises(InputError, match=r"t\.jsonl:1: .*b\.wav"):
            read(listed(tmp_path / "t.jsonl", {"path": f"b.wav{place}"}), splits=whole)


@pytest.mark.parametrize("place", ["", "#t=0.1,0.2", ":12", "#a/b.wav", "#c.zip#a.wav", "#a#t=0,1", ":1#t=0,1", "#::#"])
def test_a_path_goes_on_after_the_file_that_is_there(tmp_path, place):
    for name in ("a.wav", "a:b.wav", "a#b.wav"):
        (tmp_path / name).touch()
        assert Places([tmp_path / "none", tmp_path]).find(f"{name}{place}") == f"{tmp_path}/{name}{place}"
