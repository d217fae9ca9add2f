"""A table of units that is read on demand has the sequences and the errors of one that is read whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.records import UnitSequence

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)


@given(st.dictionaries(names, st.lists(st.integers(0, 300), max_size=9), max_size=6), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=80)
def test_every_sequence_is_that_of_the_table(tmp_path_factory, units, ending):
    path = tmp_path_factory.mktemp("index") / "u.tsv"
    rows = ["utterance\tframe_shift\tunits", *(f"{n}\t0.02\t{' '.join(map(str, own))}" for n, own in units.items())]
    path.write_bytes("".join(row + ending for row in rows).encode())
    with UnitIndex(path) as index:
        assert list(index) == list(units)
        assert len(index) == len(units)
        for name in reversed(list(index)):
            assert (index[name].utterance, index[name].frame_shift) == (name, 0.02)
            assert index[name].units.tolist() == units[name]
    assert list(tables.read_units(path)) == list(units)


def test_columns_may_be_in_any_order_and_the_last_line_without_an_end(tmp_path):
    (tmp_path / "u.tsv").write_text("units\tmore\tframe_shift\tutterance\n1 2\tx\t0.02\ta\n\tx\t0.02\tb")
    with UnitIndex(tmp_path / "u.tsv") as index:
        assert {name: own.units.tolist() for name, own in index.items()} == {"a": [1, 2], "b": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\t0.02\t1\na\t0.02\t2\n", r"u\.tsv:3: utterance 'a' occurs twice"),
        ("a\t0.02\n", r"u\.tsv:2: has 2 fields where the header has 3"),
        ("b\t0.02\t1\na\t0\t1\n", r"u\.tsv:3: frame_shift 0 is not above 0"),
        ("a\tx\t1\n", r"u\.tsv:2: 'x' is not a number"),
        ("a\t0.02\t1 x\n", r"u\.tsv:2: a unit of 'a' is not a whole number"),
        ("a\t0.02\t-1\n", r"u\.tsv:2: unit -1 of 'a' is below 0"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path, text, message):
    (tmp_path / "u.tsv").write_text("utterance\tframe_shift\tunits\n" + text)
    with pytest.raises(InputError, match=message), UnitIndex(tmp_path / "u.tsv") as index:
        dict(index)


def test_a_table_of_something_else_is_told(tmp_path):
    (tmp_path / "u.tsv").write_text("utterance\tunits\n")
    with pytest.raises(InputError, match=r"u\.tsv:1: has no column 'frame_shift', only utterance, units"):
        UnitIndex(tmp_path / "u.tsv")
    with pytest.raises(InputError, match="no such file"):
        UnitIndex(tmp_path / "none.tsv")
    (tmp_path / "u.tsv").write_bytes(b"utterance\tframe_shift\tunits\n\xff\t0.02\t1\n")
    with pytest.raises(InputError, match="is not a UTF-8 text file"):
        UnitIndex(tmp_path / "u.tsv")


def test_it_reads_what_is_written(tmp_path):
    import numpy as np

    tables.write_units(tmp_path / "u.tsv", [UnitSequence("a", 1 / 75, np.array([3, 0]))])
    with UnitIndex(tmp_path / "u.tsv") as index:
        assert index["a"].frame_shift == 1 / 75
