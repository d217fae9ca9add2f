import io
import os
from contextlib import closing
from dataclasses import make_dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.unit_files import read_sequences
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.records import Label, Score, UnitRow, UnitSequence, Utterance

text = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\t\r\n\x85\u2028\u2029"), min_size=1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
slots = list(Utterance.__slots__)


@given(st.lists(st.builds(Label, text, numbers, numbers, text)))
@settings(deadline=None, max_examples=50)
def test_labels_come_back_as_they_were(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "labels.tsv"
    tables.write(path, rows, Label)
    assert tables.read_records(path, Label) == rows


@given(st.lists(st.builds(Utterance, text, text, text, text, numbers, st.one_of(st.just(""), text))), st.booleans())
@settings(deadline=None, max_examples=50)
def test_a_text_that_may_be_missing_comes_back(tmp_path_factory, rows, by_line):
    path = tmp_path_factory.mktemp("t") / "utterances.tsv"
    whole = tables.frame([pd.DataFrame([[getattr(r, n) for n in r.__slots__] for r in rows], columns=slots)], Utterance)
    tables.write(path, whole if by_line else rows, Utterance)
    assert ("text" in path.read_text("utf-8").split("\n")[0]) == any(row.text for row in rows)
    assert tables.read_records(path, Utterance) == rows
    header, content = path.read_bytes().split(b"\n", 1)
    found = tables._parsed_by_line(content, header.decode().split("\t"), Utterance, path, 2) if rows else None
    assert found is None or found["text"].to_pylist() == [row.text for row in rows]


def test_missing_numbers_are_empty_cells(tmp_path):
    tables.write(tmp_path / "s.tsv", [Score("x", 0.5, float("nan"), float("nan"), 3)], Score)
    assert (tmp_path / "s.tsv").read_text() == "metric\tvalue\tlow\thigh\tn\nx\t0.5\t\t\t3\n"
    assert np.isnan(tables.read(tmp_path / "s.tsv", Score)["low"][0])


@st.composite
def sequences(draw):
    """Sequences of one G, all of them images or none."""
    indices, of_images = draw(st.sampled_from([1, 2, 8, 70])), draw(st.booleans())
    found = []
    for number in range(draw(st.integers(1, 4))):
        grid = draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) if of_images else None
        size = grid[0] * grid[1] if grid else draw(st.integers(0, 4))
        row = st.lists(st.integers(0, 10**9), min_size=indices, max_size=indices)
        units = np.array(draw(st.lists(row, min_size=size, max_size=size)), dtype=np.int64)
        found.append(UnitSequence(str(number), 1.0, units.reshape(-1) if indices == 1 else units, grid))
    return found


@given(sequences())
@settings(deadline=None, max_examples=60)
def test_units_of_several_codebooks_and_of_images_come_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("t") / "u.units.tsv"
    tables.write_units(path, written)
    with UnitIndex(path) as index:
        for read in (tables.read_units(path), dict(index), read_sequences(path)):
            assert list(read) == [each.utterance for each in written]
            for each in written:
                assert read[each.utterance].units.tolist() == each.units.tolist()
                assert read[each.utterance].grid == each.grid


def test_a_table_of_today_is_written_as_it_was_and_one_of_images_says_the_grid(tmp_path):
    units = np.array([5, 127, 0, 9])
    tables.write_units(tmp_path / "a", [UnitSequence("a", 0.02, units)])
    assert (tmp_path / "a").read_bytes() == b"utterance\tframe_shift\tunits\na\t0.02\t5 127 0 9\n"
    tables.write_units(tmp_path / "b", [UnitSequence("b", 1.0, units.reshape(2, 2), (1, 2))])
    assert (tmp_path / "b").read_bytes() == b"utterance\tframe_shift\tunits\tgrid\nb\t1\t5:127 0:9\t1x2\n"


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("a\t1\t1:2 3:4 5\t", 2, "token 3 of 'a' has another number of indices than the first: 1, not 2"),
        ("a\t1\t1:2\t\nb\t1\t\t\nc\t1\t1:2:3\t", 4, "the tokens of 'c' have another number of .*: 3, not 2"),
        ("a\t1\t1:2\t\nc\t1\t1\t", 3, "the tokens of 'c' have another number of .*: 1, not 2"),
        ("a\t1\t1:2 x:3\t", 2, "token 'x:3' of 'a' is not whole numbers joined by ':'"),
        ("a\t1\t1 2 3 4\t2x2\nb\t1\t1 2 3\t2x2", 3, "the grid 2x2 of 'b' has 4 places for 3 tokens"),
        ("a\t1\t1 2\ttwo", 2, "the grid 'two' of 'a' is not ROWSxCOLUMNS, such as 8x8"),
    ],
)
def test_bad_indices_and_grids(tmp_path, rows, line, message):
    path = tmp_path / "u.tsv"
    path.write_text(f"utterance\tframe_shift\tunits\tgrid\n{rows}\n")
    for read in (tables.read_units, _by_index):
        with pytest.raises(InputError, match=rf"u\.tsv:{line}: .*{message}"):
            read(path)


def _by_index(path):
    with UnitIndex(path) as index:
        return dict(index)


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
