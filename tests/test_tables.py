import io
import os
from contextlib import closing
from dataclasses import make_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Label, Score, UnitRow, UnitSequence

text = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\t\r\n\x85\u2028\u2029"), min_size=1)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.builds(Label, text, numbers, numbers, text)))
@settings(deadline=None, max_examples=50)
def test_labels_come_back_as_they_were(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "labels.tsv"
    tables.write(path, rows, Label)
    assert tables.read_records(path, Label) == rows


def test_missing_numbers_are_empty_cells(tmp_path):
    tables.write(tmp_path / "s.tsv", [Score("x", 0.5, float("nan"), float("nan"), 3)], Score)
    assert (tmp_path / "s.tsv").read_text() == "metric\tvalue\tlow\thigh\tn\nx\t0.5\t\t\t3\n"
    assert np.isnan(tables.read(tmp_path / "s.tsv", Score)["low"][0])


def test_units_come_back(tmp_path):
    written = [UnitSequence("a", 0.02, np.array([3, 3, 0])), UnitSequence("b", 0.02, np.array([], dtype=np.int64))]
    tables.write_units(tmp_path / "u.tsv", written)
    for before, after in zip(written, tables.read_units(tmp_path / "u.tsv").values(), strict=True):
        assert (before.utterance, before.frame_shift) == (after.utterance, after.frame_shift)
        np.testing.assert_array_equal(before.units, after.units)


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("a\t0.02\t1 2\na\t0.02\t1", 3, "'a' occurs twice"),
        ("a\t0\t1 2", 2, "frame_shift 0 is not above 0"),
        ("a\t0.02\t1 x", 2, "not a whole number"),
        ("b\t0.02\t1 2\na\t0.02\t1 0x1F", 3, "not a whole number"),
        ("b\t0.02\t1 2\na\tinf\t1", 3, "frame_shift inf is not above 0"),
        ("a\t0.02\t1 -2", 2, "unit -2 of 'a' is below 0"),
        ("a\t0.02\t1 99999999999999999999", 2, "not a whole number"),
        ("a\tfast\t1", 2, "frame_shift 'fast' is not a number"),
        ("a\t0.02", 2, "has 2 fields where the header has 3"),
    ],
)
def test_bad_units(tmp_path, rows, line, message):
    path = tmp_path / "u.tsv"
    path.write_text(f"utterance\tframe_shift\tunits\n{rows}\n")
    with pytest.raises(InputError, match=rf"u\.tsv:{line}: .*{message}"):
        tables.read_units(path)


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        tables.read(tmp_path / "no.tsv", Label)
    (tmp_path / "x.tsv").write_text("utterance\tstart\n")
    with pytest.raises(InputError, match=r"x\.tsv:1: has no column 'end'"):
        tables.read(tmp_path / "x.tsv", Label)
    (tmp_path / "y.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        tables.read(tmp_path / "y.tsv", Label)


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    tables.write(tmp_path / "l.tsv", [Label("a", 0, 1, "x")], Label)
    (tmp_path / "l.tsv").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "l.tsv").read_bytes())
    assert tables.read_records(tmp_path / "l.tsv", Label) == [Label("a", 0, 1, "x")]


def test_a_text_with_a_tab_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(InputError, match="holds a tab or a line break"):
        tables.write(tmp_path / "l.tsv", [Label("a", 0, 1, "x\ty")], Label)
    assert os.listdir(tmp_path) == []


rows_of = st.lists(
    st.builds(UnitSequence, st.text("abä\u2028", min_size=1, max_size=4), st.just(0.02), st.lists(st.integers(0, 9), max_size=5)),
    unique_by=lambda row: row.utterance,
    max_size=8,
)  # fmt: skip


@given(rows_of, st.integers(1, 60), st.sampled_from(["", "\n", "\n\n\n"]))
@settings(deadline=None, max_examples=60)
def test_blocks_of_any_size_are_the_same_table(tmp_path_factory, rows, size, end):
    path = tmp_path_factory.mktemp("t") / "u.tsv"
    tables.write_units(path, [UnitSequence(row.utterance, row.frame_shift, np.array(row.units)) for row in rows])
    path.write_text(path.read_text().rstrip("\n") + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "block_bytes", size)
        found = list(tables.each_unit_sequence(path))
        places = [start for block in tables.blocks(path, UnitRow) for start in block.starts()[:-1].tolist()]
    assert [(each.utterance, each.units.tolist()) for each in found] == [(row.utterance, row.units) for row in rows]
    raw = path.read_bytes()
    assert [raw[place:].split(b"\t")[0].decode() for place in places] == [row.utterance for row in rows]


@pytest.mark.parametrize("value", ["1_000", " 1", "1e3", "inf", "-0", "+7", "0x1F", "1,5", "NA", "", "٣", "1e999"])
@pytest.mark.parametrize("kind", [float, int])
def test_a_number_is_what_it_is_one_by_one(tmp_path, value, kind):
    record = make_dataclass("Numbers", [("name", str), ("value", kind)])
    path = tmp_path / "n.tsv"
    path.write_text(f"name\tvalue\nx\t{value}\n")
    with closing(io.BytesIO(path.read_bytes())) as file:
        header = tables.read_header(file, record, path)
        rest = file.read()
    expected = outcome(lambda: tables._parsed_by_line(rest, header, record, path, 2).to_pandas())
    assert outcome(lambda: tables.read(path, record)) == expected


def outcome(read):
    """The values that are read, or the error."""
    try:
        return repr(read()["value"].tolist())
    except InputError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\t1\t2\nb\t3\n", 3), ("a\t1\t2\n\nb\t1\t2\n", 3), ("\n\na\t1\t2\n", 2), ("a\t1\t2\tx\n", 2), ('"a\t1\t2\nb"\t1\n', 3)],
)  # fmt: skip
def test_a_row_with_other_fields_is_refused_by_its_line_in_blocks_of_any_size(tmp_path, monkeypatch, text, line):
    (tmp_path / "u.tsv").write_text("utterance\tframe_shift\tunits\n" + text)
    for size in (1, 5, 1000):
        monkeypatch.setattr(tables, "block_bytes", size)
        with pytest.raises(InputError, match=rf"u\.tsv:{line}: has \d fields where the header has 3"):
            tables.read_units(tmp_path / "u.tsv")


def test_rows_are_written_as_they_come(tmp_path):
    def rows():
        yield from (Label(str(number), 0, 1, "x") for number in range(5000))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tables.write(tmp_path / "l.tsv", rows(), Label)
    assert os.listdir(tmp_path) == []


def test_a_frame_and_its_records_are_the_same_table(tmp_path):
    records = [Label(f"u{number}", number / 3, number / 7 + 1, "x") for number in range(25)]
    tables.write(tmp_path / "a.tsv", records, Label)
    frame = tables.read(tmp_path / "a.tsv", Label)
    tables.write(tmp_path / "b.tsv", frame, Label)
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    assert tables.frame([], Label).dtypes.equals(frame.dtypes)


def test_a_character_of_no_text_is_told_with_its_line(tmp_path):
    path = tmp_path / "units.tsv"
    path.write_bytes(b"utterance\tframe_shift\tunits\na\t0.01\t1 2\nb\0c\t0.01\t3\n")
    with pytest.raises(InputError, match=r"units\.tsv:3: is not a UTF-8 text file \(it holds a NUL character\)"):
        tables.read_units(path)
