"""Lines, fields, numbers and times of text files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.text import decimal, fields_of, plain, plain_name, read_fields, read_lines, read_number


def test_only_line_ends_separate_lines(tmp_path):
    (tmp_path / "x").write_bytes("\ufeffa\r\nb\rc\n\x0bd\x0c\x1c\u0085\u2028e\n".encode())
    assert read_lines(tmp_path / "x") == ["a", "b", "c", "\x0bd\x0c\x1c\u0085\u2028e", ""]


def test_fields_have_the_numbers_of_their_lines(tmp_path):
    (tmp_path / "x").write_text("# note\n\n a\tb  c\n  \n#d e\n f # g\n")
    assert list(read_fields(tmp_path / "x", comment="#")) == [(3, ["a", "b", "c"]), (6, ["f", "#", "g"])]
    assert [number for number, _ in read_fields(tmp_path / "x")] == [1, 3, 5, 6]


def test_a_nul_is_told_with_its_line_by_what_reads_all_and_by_what_reads_line_by_line(tmp_path):
    (tmp_path / "x").write_bytes(b"a b\n\nc d\0.wav\ne\n")
    for read in (read_lines, read_fields):
        with pytest.raises(InputError, match=r"x:3: is not a UTF-8 text file \(it holds a NUL character\)"):
            list(read(tmp_path / "x"))


def test_an_empty_file_has_no_fields(tmp_path):
    (tmp_path / "x").touch()
    assert list(read_fields(tmp_path / "x")) == []
    assert read_lines(tmp_path / "x") == [""]


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-1.5", -1.5), ("1e3", 1000), (".5", 0.5), ("7.", 7)])
def test_a_number_is_read(text, value):
    assert read_number(text, "x", 1) == value


@pytest.mark.parametrize("text", ["", "x", "1,5", "1:30", "0x10", "nan", "inf", "-inf", "1e999", "-1e301", "1 2"])
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


@pytest.mark.parametrize(
    ("line", "options", "fields"),
    [
        ("a b  c", {}, ["a", "b", "c"]),
        (" a\tb \r", {}, ["a", "b"]),
        ("a\x0bb\x0cc", {}, ["a", "b", "c"]),
        ("a\u00a0b c", {}, ["a\u00a0b", "c"]),
        ("a\u00a0b c", {"least": 3}, ["a", "b", "c"]),
        ("a\u3000b", {"least": 2}, ["a", "b"]),
        ("a\u3000b", {"least": 1}, ["a\u3000b"]),
        ("u  a b.wav ", {"most": 2}, ["u", "a b.wav"]),
        ("u\ta\tb", {"most": 2}, ["u", "a\tb"]),
        ("u\u00a0a b", {"least": 2, "most": 2}, ["u\u00a0a", "b"]),
        ("u\u00a0a", {"least": 2, "most": 2}, ["u", "a"]),
        ("  a b ", {"most": 1}, ["a b"]),
        ("", {}, []),
        (" \t", {"most": 2}, []),
        (" ", {"most": 1}, []),
        ("\u00a0", {"least": 2}, []),
    ],
)
def test_fields_are_separated_as_in_kaldi_or_by_any_white_space_where_that_gives_too_few(line, options, fields):
    assert fields_of(line, **options) == fields


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("a", "a", "a"),
        ("e\u0301", "\u00e9", "\u00e9"),
        ("\u1100\u1161", "\uac00", "\uac00"),
        ("\u212b", "\u00c5", "\u00c5"),
        ("\ufeffa\u200b", "a", "a"),
        ("a\u00a0b", "a b", "a_b"),
        (" \u00a0a", "a", "__a"),
        ("a\u200db", "a\u200db", "a\u200db"),
        ("\ufb01", "\ufb01", "\ufb01"),  # a ligature is another letter
    ],
)
def test_labels_and_names_are_composed(text, label, name):
    assert plain(text) == label
    assert plain_name(text) == name


@given(st.text())
def test_what_is_plain_stays_plain(text):
    assert plain(plain(text)) == plain(text)
    assert plain_name(plain_name(text)) == plain_name(text)
    assert not any(character.isspace() for character in plain_name(text))
