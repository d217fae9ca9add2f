"""Lines, fields, numbers and times of text files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.text import decimal, read_fields, read_lines, read_number


def test_only_line_ends_separate_lines(tmp_path):
    (tmp_path / "x").write_bytes("\ufeffa\r\nb\rc\n\x0bd\x0c\x1c\u0085\u2028e\n".encode())
    assert read_lines(tmp_path / "x") == ["a", "b", "c", "\x0bd\x0c\x1c\u0085\u2028e", ""]


def test_fields_have_the_numbers_of_their_lines(tmp_path):
    (tmp_path / "x").write_text("# note\n\n a\tb  c\n  \n#d e\n f # g\n")
    assert list(read_fields(tmp_path / "x", comment="#")) == [(3, ["a", "b", "c"]), (6, ["f", "#", "g"])]
    assert [number for number, _ in read_fields(tmp_path / "x")] == [1, 3, 5, 6]


def test_an_empty_file_has_no_fields(tmp_path):
    (tmp_path / "x").touch()
    assert list(read_fields(tmp_path / "x")) == []
    assert read_lines(tmp_path / "x") == [""]


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-1.5", -1.5), ("1e3", 1000), (".5", 0.5), ("7.", 7)])
def test_a_number_is_read(text, value):
    assert read_number(text, "x", 1) == value


@pytest.mark.parametrize("text", ["", "x", "1,5", "1:30", "0x10", "nan", "inf", "-inf", "1e999", "1 2"])
def test_what_is_no_finite_number_is_told_with_file_and_line(text):
    with pytest.raises(InputError) as error:
        read_number(text, "a.ctm", 3)
    assert str(error.value) == f"a.ctm:3: {text!r} is not a number"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (100, "100"), (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (1e-6, "0.000001"), (1e-7, "0"), (12.50, "12.5")],
)
def test_a_time_is_the_shortest_decimal(value, text):
    assert decimal(value) == text


@given(st.integers(0, 10**12))
def test_a_time_of_whole_microseconds_reads_back(microseconds):
    text = decimal(microseconds / 10**6)
    assert round(float(text) * 10**6) == microseconds
    assert "e" not in text
    assert not (set(text[-1]) & set(".0") and "." in text)
