"""CTM: lines of utterance, channel, start, duration and label."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.ctm import ctm_lines, read_ctm
from unitdisc.formats.text import decimal

word = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1).filter(lambda text: text[:2] != ";;")
span = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), word)


def read(folder, text):
    (folder / "a.ctm").write_bytes(text.encode())
    return [row[:5] for row in read_ctm(folder / "a.ctm")]


def test_the_end_of_a_label_is_its_start_and_its_duration(tmp_path):
    assert read(tmp_path, "u 1 0.3 0.03 a\nv A 12 0.5 b\n") == [(1, "u", 0.3, 0.33, "a"), (2, "v", 12.0, 12.5, "b")]


def test_comments_blank_lines_and_further_fields_are_no_labels(tmp_path):
    text = ";; made by hand\n\nu 1 0 0.2 a 0.9 more\n;;\nu 1 0.2 0.2 ;;\n"
    assert read(tmp_path, text) == [(3, "u", 0.0, 0.2, "a"), (5, "u", 0.2, 0.4, ";;")]


def test_a_byte_order_mark_tabs_and_carriage_returns_are_no_part_of_a_label(tmp_path):
    assert read(tmp_path, "\ufeffu\t1\t0\t0.2\tä\r\nu 1 0.2 0.2 b\r\n") == [
        (1, "u", 0.0, 0.2, "ä"),
        (2, "u", 0.2, 0.4, "b"),
    ]


def test_a_file_without_labels_has_none(tmp_path):
    assert read(tmp_path, "") == read(tmp_path, ";; nothing\n\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u 1 0 0.2 a\n\nu 1 x 0.2 b\n", "a.ctm:3: 'x' is not a number"),
        ("u 1 0 0.2\n", "a.ctm:1: is not 'utterance channel start duration label'"),
        ("u 1 nan 0.2 a\n", "a.ctm:1: 'nan' is not a number"),
        ("u 1 0 inf a\n", "a.ctm:1: 'inf' is not a number"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


@given(st.lists(st.tuples(word, st.lists(span, max_size=3)), max_size=4))
@settings(deadline=None, max_examples=60)
def test_what_is_written_reads_back(tmp_path_factory, utterances):
    lines, expected = [], []
    for name, spans in utterances:
        texts = [(decimal(start / 1e6), decimal(length / 1e6), label) for start, length, label in spans]
        lines += ctm_lines(name, texts)
        expected += [(name, start / 1e6, (start + length) / 1e6, label) for start, length, label in spans]
    rows = read(tmp_path_factory.mktemp("ctm"), "".join(lines))
    assert [row[0] for row in rows] == list(range(1, len(lines) + 1))
    assert [(row[1], row[4]) for row in rows] == [(name, label) for name, _, _, label in expected]
    assert [row[2:4] for row in rows] == [pytest.approx(each[1:3], abs=1e-6) for each in expected]


@pytest.mark.parametrize(
    "line",
    [";; made by hand", ";;", "# made by hand at noon by me", "#", "#u 1 x 0.2 b", "# u v w x", ";; u 1 0 0.2 a"],
)
def test_comments_of_either_kind_are_passed(tmp_path, line):
    assert read(tmp_path, f"{line}\nu 1 0 0.2 a\n{line}\n") == [(2, "u", 0.0, 0.2, "a")]


def test_an_utterance_may_begin_with_a_number_sign(tmp_path):
    assert read(tmp_path, "#u1 1 0 0.2 a\n#2 A .2 0.2 #\n") == [(1, "#u1", 0.0, 0.2, "a"), (2, "#2", 0.2, 0.4, "#")]


def test_of_alternatives_the_first_is_taken(tmp_path):
    text = (
        "u A 0.0 0.2 a\nu A * * <ALT_BEGIN>\nu A 0.2 0.2 b\nu A 0.4 0.1 c\nu A * * <ALT>\nu A 0.2 0.3 x\n"
        "u A * * <ALT>\nu A 0.2 0.3 y\nu A * * <ALT_END>\nu A 0.5 0.1 d\n"
    )
    assert [row[4] for row in read(tmp_path, text)] == ["a", "b", "c", "d"]
    assert [row[4] for row in read(tmp_path, text.lower())] == ["a", "b", "c", "d"]
    assert [row[4] for row in read(tmp_path, text + text.replace("u A", "v A"))] == ["a", "b", "c", "d"] * 2


def test_the_first_alternative_may_be_nothing(tmp_path):
    text = "u A * * <ALT_BEGIN>\nu A * * <ALT>\nu A 0.2 0.3 x\nu A * * <ALT_END>\nu A 0.5 0.1 d\n"
    assert [row[4] for row in read(tmp_path, text)] == ["d"]


def test_the_channel_is_kept(tmp_path):
    (tmp_path / "a.ctm").write_text("sw1 A 0 0.2 a\nsw1 B 0 0.2 b\nu 1 0 0.2 c\n")
    assert [(row.utterance, row.channel, row.label) for row in read_ctm(tmp_path / "a.ctm")] == [
        ("sw1", "A", "a"),
        ("sw1", "B", "b"),
        ("u", "1", "c"),
    ]


def test_any_order_zero_durations_and_overlaps_are_rows_as_they_are(tmp_path):
    text = "u 1 0.2 0.2 b\nu 1 0 0.21 a\nu 1 0.4 0 c\n"
    assert [row[2:] for row in read(tmp_path, text)] == [(0.2, 0.4, "b"), (0.0, 0.21, "a"), (0.4, 0.4, "c")]


@pytest.mark.parametrize("confidence", ["0.98", "NA", "1.00 lex", "-0.1"])
def test_a_confidence_is_no_part_of_the_label(tmp_path, confidence):
    assert read(tmp_path, f"u 1 0 0.2 a {confidence}\n") == [(1, "u", 0.0, 0.2, "a")]


def test_white_space_of_other_kinds_separates_only_where_it_must(tmp_path):
    assert read(tmp_path, "a\u00a0b 1 0 0.2 c\u00a0d\n") == [(1, "a\u00a0b", 0.0, 0.2, "c\u00a0d")]
    assert read(tmp_path, "u\u30001\u30000\u30000.2\u3000a\n") == [(1, "u", 0.0, 0.2, "a")]


def test_alternatives_that_are_never_closed_end_with_their_utterance(tmp_path):
    text = "u A * * <ALT_BEGIN>\nu A 0 0.2 a\nu A * * <ALT>\nu A 0 0.3 b\nv A 0 0.1 c\n"
    assert [row[4] for row in read(tmp_path, text)] == ["a", "c"]
