"""Tables of other programs: the same rows from every format, and one line for every fault."""

import contextlib
import json
import math

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.row_tables import number_of, read_row_table, text_of

rows = [{"path": "a.wav", "speaker": "anna", "n": "1"}, {"path": 'b "x".wav', "speaker": "", "n": "2"}]


def written(folder, ending):
    path, frame = folder / f"t.{ending}", pd.DataFrame(rows)
    match ending:
        case "tsv" | "txt" | "tab":
            path.write_text("path\tspeaker\tn\n" + "".join("\t".join(row.values()) + "\n" for row in rows))
        case "csv":
            frame.to_csv(path, index=False)
        case "jsonl" | "ndjson" | "json":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case _:
            frame.to_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["tsv", "txt", "tab", "csv", "jsonl", "ndjson", "json", "parquet", "pq"])
def test_every_format_gives_the_same_rows(tmp_path, ending):
    table = read_row_table(written(tmp_path, ending), {"path", "speaker", "split"})
    assert list(table.column("path")) == ["a.wav", 'b "x".wav']
    assert [text_of(cell, "speaker") for cell in table.column("speaker")] == ["anna", ""]
    assert list(table.optional("split")) == [None, None]
    assert list(table.lines) == ([2, 3] if ending in ("tsv", "txt", "tab", "csv") else [1, 2])
    with pytest.raises(InputError, match=r"has no column 'split'; its columns are path, speaker, n"):
        table.column("split")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.tsv", b"path\tsplit\na\n", r"t\.tsv:2: has 1 fields where the header has 2"),
        ("t.tsv", b"path\na\nb\tc\n", r"t\.tsv:3: has 2 fields where the header has 1"),
        ("t.csv", b'path,split\n"a\nb",train\nc\n', r"t\.csv:4: has 1 fields where the header has 2"),
        ("t.tsv", b"path\n\xe9.wav\n", r"is not a UTF-8 text file"),
        ("t.jsonl", b'{"path": "a"}\n\n[1]\n', r"t\.jsonl:3: is not a JSON object on a line of its own"),
        ("t.json", b'[{"path": "a"}]', r"t\.json:1: is not a JSON object on a line of its own"),
        ("t.jsonl", b"[" * 100000, r"t\.jsonl:1: is not a JSON object"),
        ("t.tsv", b"path\tpath\na\tb\n", r"names the column 'path' twice"),
        ("t.parquet", b"PAR1 no parquet PAR1", r"t\.parquet: cannot be read \("),
        ("t.xlsx", b"", r"the format of the table cannot be inferred from the name; use \.tsv"),
    ],
)
def test_faults_are_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_row_table(tmp_path / name, {"path"})


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl", "parquet"])
def test_a_missing_table_and_an_empty_one(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    with pytest.raises(InputError, match="no such file"):
        read_row_table(path, {"path"})
    path.touch()
    with pytest.raises(InputError):
        read_row_table(path, {"path"}).column("path")


@given(st.binary(max_size=300), st.sampled_from(["tsv", "csv", "jsonl", "parquet"]))
def test_garbage_is_refused_or_read(tmp_path_factory, content, ending):
    path = tmp_path_factory.mktemp("garbage") / f"t.{ending}"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert len(read_row_table(path, {"path"}).column("path")) <= content.count(b"\n")


def test_columns_of_parquet_that_are_not_wanted_are_not_read(tmp_path):
    pq.write_table(pa.table({"path": ["a"], "a.b": [1], "big": [b"x" * 100]}), tmp_path / "t.parquet")
    assert set(read_row_table(tmp_path / "t.parquet", {"path"}).columns) == {"path"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (" a ", "a"), (12, "12"), (12.0, "12"), ("", ""), (10**400, "1" + "0" * 400), ("é", "é")],
)
def test_texts(cell, text):
    assert text_of(cell, "speaker") == text


@pytest.mark.parametrize("cell", [True, 1.5, ["a"], {"bytes": b""}, math.nan, b"a", math.inf, "\ud800"])
def test_what_is_no_text(cell):
    with pytest.raises(InputError, match=r"speaker .* is not text"):
        text_of(cell, "speaker")


@pytest.mark.parametrize(
    ("cell", "number"), [(None, None), ("", None), (" ", None), ("1.5", 1.5), (2, 2.0), ("1e-3", 0.001)]
)
def test_numbers(cell, number):
    assert number_of(cell, "start") == number


@pytest.mark.parametrize("cell", ["nan", math.nan, "inf", math.inf, "1_0", "x", True, [1], {"a": 1}, "1,5", 10**400])
def test_what_is_no_number(cell):
    with pytest.raises(InputError, match=r"start .* is not a number"):
        number_of(cell, "start")
