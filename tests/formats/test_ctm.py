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
