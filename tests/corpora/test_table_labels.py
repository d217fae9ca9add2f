"""Labels of a table: in its cells and in files that it names, whole and of parts of recordings."""

import json

import pandas as pd
import pytest
import soundfile

from tests.helpers.corpora import rate, read_corpus, tone
from tests.helpers.textgrids import long_grid, short_grid
from unitdisc.errors import InputError
from unitdisc.records import Label

spans = [{"start": 0, "end": 0.25, "label": "a"}, {"start": 0.25, "end": 0.75, "label": "b"}]
part = {"path": "a.wav", "start": 0.2, "end": 0.7}


def read(folder, *rows, ending="jsonl", **options):
    for row in rows:
        soundfile.write(folder / row["path"], tone(1.0), rate)
    path = folder / f"t.{ending}"
    if ending == "parquet":
        pd.DataFrame(list(rows)).to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_corpus("table", table=path, splits={"train": 1}, **options)[1]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_labels_in_cells(tmp_path, ending):
    rows = ({"path": "a.wav", "labels": spans}, {"path": "b.wav", "labels": None}, {"path": "c.wav", "labels": []})
    assert read(tmp_path, *rows, ending=ending) == [Label("a", 0, 0.25, "a"), Label("a", 0.25, 0.75, "b")]


def test_times_of_a_part_are_those_of_its_recording(tmp_path, caplog):
    labels = read(tmp_path, part | {"utterance": "u", "labels": [*spans, {"start": 0.8, "end": 0.9, "label": "c"}]})
    assert labels == [Label("u", 0.05, 0.5, "b")]
    assert (
        "labels that cross the end of a segment, cut there: 1 (first: label 'b' of 'u' (0.25 to 0.75))" in caplog.text
    )


def test_labels_of_no_utterance_are_refused_and_empty_ones_are_none(tmp_path):
    labels = read(tmp_path, {"path": "a.wav", "labels": [{"start": 0, "end": 1, "label": " "}, *spans[1:]][1:]})
    assert labels == [Label("a", 0.25, 0.75, "b")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("any.TextGrid", short_grid),
        ("a.ctm", "a 1 0 0.25 s\na 1 0.375 0.125 ε\nb 1 0 0.3 x\n"),
        ("one.ctm", "something 1 0 0.25 s\nsomething 1 0.375 0.125 ε\n"),
        ("l.tsv", "utterance\tstart\tend\tlabel\na\t0\t0.25\ts\na\t0.375\t0.5\tε\n"),
    ],
)
def test_files_of_labels(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    labels = read(
        tmp_path,
        {"path": "a.wav", "labels": name},
        {"path": "c.wav", "labels": ""},
        tier="any" if "Grid" in name else None,
    )
    assert labels == [Label("a", 0, 0.25, "s"), Label("a", 0.375, 0.5, "ε")]


def test_one_file_may_be_that_of_several_parts(tmp_path):
    (tmp_path / "a.TextGrid").write_text(long_grid)
    rows = [
        {"path": "a.wav", "start": s, "end": e, "labels": "a.TextGrid", "utterance": n}
        for n, s, e in (("x", 0, 0.3), ("y", 0.3, 1))
    ]
    assert read(tmp_path, *rows) == [Label("x", 0, 0.25, "s"), Label("y", 0.075, 0.2, "ε")]


def test_a_file_of_other_utterances_is_refused(tmp_path):
    (tmp_path / "l.ctm").write_text("b 1 0 0.3 x\nc 1 0 0.3 x\n")
    with pytest.raises(InputError, match=r"l\.ctm: holds no labels of utterance 'a'"):
        read(tmp_path, {"path": "a.wav", "labels": "l.ctm"})


def test_labels_of_rows_that_are_left_out_do_not_count(tmp_path):
    (tmp_path / "t.jsonl").write_text("")
    rows = [{"path": "a.wav", "labels": spans}, {"path": "b.wav", "start": 5, "labels": "gone.ctm"}]
    assert len(read(tmp_path, *rows, on_bad_utterance="skip")) == 2
