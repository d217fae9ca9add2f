import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Label, Score, UnitSequence

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
