"""Item files: read strictly, written so that they read back."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.item_files import Items, check_items, names, read_items, write_items

header = "#file onset offset #phone prev-phone next-phone speaker\n"


def write(folder, text):
    (folder / "a.item").write_bytes(text.encode())
    return folder / "a.item"


def items(**changes):
    row = {"utterance": "u", "onset": 0, "offset": 0.5, "label": "a", "previous": "b", "next": "c", "speaker": "s"}
    return pd.DataFrame([row | changes])


def test_reads_columns_in_any_order_and_times_as_decimals(tmp_path):
    text = "speaker #file onset offset #phone prev-phone next-phone more\ns u 0.30 0.330 ε a b 1\n\n"
    read = read_items(write(tmp_path, text))
    assert read.table.iloc[0].to_dict() == {
        "utterance": "u",
        "onset": Decimal("0.3"),
        "offset": Decimal("0.33"),
        "label": "ε",
        "previous": "a",
        "next": "b",
        "speaker": "s",
    }
    assert read.line(0) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.item:1: has no column '#file'; an item file starts with '#file onset"),
        ("#file onset offset phone prev-phone next-phone speaker\n", r"a\.item:1: has no column '#phone'"),
        (header, r"a\.item: has no tokens"),
        (header + "u 0 1 a b c s\nu 1 2 a b c\n", r"a\.item:3: has 6 fields where the header has 7"),
        (header + "u 0 1 a b c s\n\nu 1 two a b c s\n", r"a\.item:4: offset 'two' is not a number"),
        (header + "u nan 1 a b c s\n", r"a\.item:2: onset 'nan' is not a number"),
        (header + "u 1.0 1.0 a b c s\n", r"a\.item:2: onset 1\.0 of 'u' is not before its offset 1\.0"),
        (header + "u -1 1.0 a b c s\n", r"a\.item:2: onset -1 of 'u' is below 0"),
    ],
)
def test_a_file_that_is_no_item_file_is_told_by_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_items(write(tmp_path, text))


def test_a_missing_or_binary_file_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_items(tmp_path / "none.item")
    (tmp_path / "a.item").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a UTF-8 text file"):
        read_items(tmp_path / "a.item")


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_a_field(tmp_path):
    text = "\ufeff" + header + "u 0 1 a b c ä\n"
    read = read_items(write(tmp_path, text.replace("\n", "\r\n")))
    assert read.table.iloc[0].tolist() == ["u", 0, 1, "a", "b", "c", "ä"]


def test_times_that_floats_cannot_hold_stay_exact(tmp_path):
    read = read_items(write(tmp_path, header + "u 12345.0000001 12345.0000002 a b c s\n")).table
    assert read["offset"][0] - read["onset"][0] == Decimal("0.0000001")


def test_items_of_a_table_have_no_lines_and_times_as_they_are_written():
    checked = check_items(Items(items(onset=0.1, offset="0.30")))
    assert checked.table[["onset", "offset"]].iloc[0].tolist() == [Decimal("0.1"), Decimal("0.3")]
    assert checked.line(0) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"onset": float("nan")}, "onset 'nan' is not a number"),
        ({"offset": float("inf")}, "offset 'inf' is not a number"),
        ({"offset": None}, "offset 'None' is not a number"),
        ({"onset": 0.5}, r"onset 0\.5 of 'u' is not before its offset 0\.5"),
        ({"onset": -0.1}, r"onset -0\.1 of 'u' is below 0"),
    ],
)
def test_mistakes_of_a_table_are_told(changes, message):
    with pytest.raises(InputError, match=message):
        check_items(Items(items(**changes)))


def test_a_table_without_a_column_or_a_row_is_refused():
    with pytest.raises(InputError, match=r"the items have no column 'previous' \('prev-phone' in a file\)"):
        check_items(Items(items().drop(columns="previous")))
    with pytest.raises(InputError, match="has no tokens"):
        check_items(Items(items().iloc[:0]))


@pytest.mark.parametrize("column", ["utterance", "label", "previous", "next", "speaker"])
@pytest.mark.parametrize("text", ["", "b c", "b\tc", "b\n", "b\u3000c"])
def test_a_text_that_the_format_cannot_represent_is_refused(tmp_path, column, text):
    with pytest.raises(InputError, match=rf"a\.item: {column} .* is empty or holds a space"):
        write_items(tmp_path / "a.item", items(**{column: text}))
    assert not list(tmp_path.iterdir())


word = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=5)
token = st.builds(
    lambda onset, length, *texts: (texts[0], Decimal(onset) / 1000, Decimal(onset + length) / 1000, *texts[1:]),
    st.integers(0, 10**7), st.integers(1, 10**6), word, word, word, word, word,
)  # fmt: skip


@given(st.lists(token, min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back(tmp_path_factory, tokens):
    table = pd.DataFrame(tokens, columns=list(names.values()))
    path = tmp_path_factory.mktemp("items") / "a.item"
    write_items(path, table)
    assert path.read_text(encoding="utf-8").startswith(header)
    read = read_items(path)
    assert read.table.to_numpy().tolist() == [list(token) for token in tokens]
    assert [read.line(row) for row in range(len(tokens))] == list(range(2, len(tokens) + 2))


@pytest.mark.parametrize("time", ["1e9999999", "1e-9999999", "9" * 5000, "0." + "3" * 5000, "0E+99999", "nan", "-inf"])
def test_a_time_without_end_is_no_number(tmp_path, time):
    with pytest.raises(InputError, match=r"a\.item:2: offset '.*' is not a number"):
        read_items(write(tmp_path, f"{header}u 0 {time} a b c s\n"))
