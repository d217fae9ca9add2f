"""Labels in order: cut where they overlap by a frame and where they pass the end, and refused beyond that."""

import itertools
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable, check, joined
from unitdisc.notices import Notices


def table(*labels, files=("a.ctm",), ends=None):
    """A table of (utterance, start, end, label), one label per line of one file."""
    rows = [(0, line, *label, "") for line, label in enumerate(labels, start=1)]
    columns = ["file", "line", "utterance", "start", "end", "label", "channel"]
    return LabelTable(pd.DataFrame(rows, columns=columns), [Path(file) for file in files], ends or {})


def ordered(*labels, **options):
    notices = Notices()
    found = table(*labels).ordered(notices, **options).labels
    return [tuple(row) for row in found.itertuples(index=False)], notices.lines()


def within(durations, slack, *labels):
    notices = Notices()
    found = table(*labels).ordered(Notices()).within(durations, slack, notices).labels
    return [tuple(row)[1:] for row in found.itertuples(index=False)], notices.lines()


def test_labels_come_by_utterance_and_time():
    found, told = ordered(("v", 0, 1, "c"), ("u", 0.2, 0.3, "b"), ("u", 0, 0.2, "a"))
    assert found == [("u", 0, 0.2, "a"), ("u", 0.2, 0.3, "b"), ("v", 0, 1, "c")]
    assert told == []


def test_times_are_those_of_six_decimals():
    assert ordered(("u", 0.1 + 0.2, 0.4000000004, "a"))[0] == [("u", 0.3, 0.4, "a")]


def test_labels_that_only_touch_by_rounding_do_not_overlap():
    assert ordered(("u", 0, 0.1 + 0.2, "a"), ("u", 0.3, 0.4, "b"))[1] == []


@pytest.mark.parametrize("text", ["e\u0301", "\u00e9", " \u00e9 ", "\ufeff\u00e9", "e\u0301\u200b", "\u00a0e\u0301"])
def test_a_label_is_composed_without_space_around_it_and_characters_of_no_width(text):
    assert ordered(("u", 0, 1, text))[0] == [("u", 0, 1, "\u00e9")]


@pytest.mark.parametrize(
    ("text", "label"), [("of  the", "of the"), ("of\u00a0the", "of the"), ("a\u200db", "a\u200db")]
)
def test_white_space_in_a_label_is_one_space_and_joiners_stay(text, label):
    assert ordered(("u", 0, 1, text))[0] == [("u", 0, 1, label)]


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u200b", "\ufeff "])
def test_a_label_without_text_is_none_even_with_wrong_times(text):
    assert ordered(("u", 0, 1, "a"), ("u", 0.5, 0.2, text)) == ([("u", 0, 1, "a")], [])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (("u", float("nan"), 1, "x"), r"a\.ctm:2: label 'x' of 'u' \(nan to 1\) has no time"),
        (("u", 3, float("inf"), "x"), r"a\.ctm:2: label 'x' of 'u' \(3 to inf\) has no time"),
        (("u", -0.01, 1, "x"), r"a\.ctm:2: label 'x' of 'u' \(-0\.01 to 1\) starts before 0"),
        (("u", 3, 2.5, "x"), r"a\.ctm:2: label 'x' of 'u' \(3 to 2\.5\) does not end after it starts"),
    ],
)
def test_times_that_are_wrong_are_told_by_file_and_line(label, message):
    with pytest.raises(InputError, match=message):
        ordered(("u", 0, 1, "a"), label)


def test_labels_of_no_length_are_left_out_and_counted():
    found, told = ordered(("u", 0, 0, "a"), ("u", 0, 0.5, "b"), ("u", 0.5, 0.5000002, "c"))
    assert found == [("u", 0, 0.5, "b")]
    assert told == ["labels of no length, left out: 2 (first: label 'a' of 'u' (0 to 0), a.ctm, line 1)"]


@pytest.mark.parametrize("end", [0.301, 0.305, 0.31])
def test_an_overlap_of_up_to_a_frame_is_cut_at_the_next_label(end):
    found, told = ordered(("u", 0, end, "a"), ("u", 0.3, 0.6, "b"))
    assert found == [("u", 0, 0.3, "a"), ("u", 0.3, 0.6, "b")]
    assert told == [
        (
            "labels that overlap the next one by up to a frame, cut there: 1 "
            f"(first: label 'a' of 'u' (0 to {end}), a.ctm, line 1)"
        )
    ]


@pytest.mark.parametrize("end", [0.311, 0.32, 0.5, 0.6, 9])
def test_an_overlap_beyond_a_frame_is_refused(end):
    with pytest.raises(InputError, match=r"a\.ctm:2: label 'b' .* overlaps the label before it; take one tier"):
        ordered(("u", 0, end, "a"), ("u", 0.3, 0.6, "b"))


def test_no_overlap_is_allowed_where_none_is_asked_for():
    with pytest.raises(InputError, match="overlaps the label before it"):
        check(table(("u", 0, 0.305, "a"), ("u", 0.3, 0.6, "b")).labels)
    assert len(check(table(("u", 0.3, 0.6, "a"), ("u", 0, 0.3, "b")).labels)) == 2


def test_labels_of_two_utterances_never_overlap():
    assert ordered(("u", 0, 5, "a"), ("v", 1, 2, "b"))[1] == []


def test_a_label_that_is_cut_to_nothing_is_gone():
    found, _ = ordered(("u", 0.1, 0.105, "a"), ("u", 0.1, 0.3, "b"))
    assert found == [("u", 0.1, 0.3, "b")]


@pytest.mark.parametrize("over", [0.005, 0.1, 0.5])
def test_a_label_may_pass_the_end_by_the_slack_and_is_cut_there(over):
    found, told = within({"u": 1.0}, 0.5, ("u", 0, 0.5, "a"), ("u", 0.5, 1 + over, "b"))
    assert found == [(0, 0.5, "a"), (0.5, 1, "b")]
    assert told[0].startswith("labels past the end of their recording, cut there: 1 (first: label 'b' of 'u' (0.5 to 1")


@pytest.mark.parametrize("over", [0.51, 2, 3600])
def test_a_label_that_passes_the_end_by_more_is_refused(over):
    with pytest.raises(InputError, match=r"a\.ctm:2: label 'b' .* lies past the end at 1; check that it is of this"):
        within({"u": 1.0}, 0.5, ("u", 0, 0.5, "a"), ("u", 0.5, 1 + over, "b"))


@pytest.mark.parametrize("start", [1.0, 1.2])
def test_a_label_that_starts_past_the_end_is_left_out(start):
    found, told = within({"u": 1.0}, 0.5, ("u", 0, 1, "a"), ("u", start, 1.4, "b"), ("u", 1.4, 1.5, "c"))
    assert found == [(0, 1, "a")]
    assert told[0].startswith("labels after the end of their recording, left out: 2 (first: label 'b'")


def test_a_label_that_ends_with_its_recording_is_as_it_is():
    assert within({"u": 1.0}, 0, ("u", 0, 1, "a")) == ([(0, 1, "a")], [])
    assert within({"u": 1.0}, 0, ("u", 0, 1.0000004, "a")) == ([(0, 1, "a")], [])


def test_tables_that_are_joined_know_their_files_lines_and_ends():
    first = table(("u", 0, 1, "a"), ends={"u": 2.0})
    second = table(("v", 0, 1, "b"), ("v", 1, 2, "c"), files=["b.ctm"], ends={"v": 3.0})
    whole = joined([first, second])
    assert [whole.where(row) for row in range(3)] == [(Path("a.ctm"), 1), (Path("b.ctm"), 1), (Path("b.ctm"), 2)]
    assert whole.ends == {"u": 2.0, "v": 3.0}
    with pytest.raises(InputError, match=r"b\.ctm:2: label 'd'"):
        joined([first, table(("v", 0, 1, "c"), ("v", 0.5, 2, "d"), files=["b.ctm"])]).ordered(Notices())


def test_no_labels_are_in_order():
    assert ordered() == ([], [])
    assert within({}, 0.5) == ([], [])


spans = st.tuples(st.sampled_from("uv"), st.integers(0, 400), st.integers(0, 60), st.sampled_from(["a", "b", ""]))


@given(st.lists(spans, max_size=12), st.integers(0, 60))
@settings(deadline=None, max_examples=150)
def test_labels_in_order_are_sorted_apart_and_no_longer_than_before(drawn, overlap):
    labels = [(name, start / 100, (start + length) / 100, text) for name, start, length, text in drawn]
    try:
        found, _ = ordered(*labels, overlap=overlap / 100)
    except InputError as error:
        told = str(error)
    else:
        told = ""
    if told:
        assert "overlaps the label before it" in told
        return
    assert found == sorted(found, key=lambda row: row[:2])
    assert all(start < end and text for _, start, end, text in found)
    for before, after in itertools.pairwise(found):
        assert before[0] != after[0] or before[2] <= after[1]
    assert sum(row[2] - row[1] for row in found) <= sum(row[2] - row[1] for row in labels if row[3]) + 1e-6
    assert {row[1] for row in found} <= {row[1] for row in labels}
    again, told = ordered(*found, overlap=0)
    assert (again, told) == (found, [])


@given(st.lists(st.integers(1, 30), max_size=8), st.integers(1, 150), st.integers(0, 200))
@settings(deadline=None, max_examples=100)
def test_labels_within_an_utterance_end_in_it_or_are_refused(lengths, duration, slack):
    ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
    labels = [("u", (end - length) / 100, end / 100, "a") for end, length in zip(ends, lengths, strict=True)]
    if ends and ends[-1] > duration + slack:
        with pytest.raises(InputError, match="lies past the end"):
            within({"u": duration / 100}, slack / 100, *labels)
    else:
        found, told = within({"u": duration / 100}, slack / 100, *labels)
        assert found == [
            (start, min(end, duration / 100), "a") for _, start, end, _ in labels if start < duration / 100
        ]
        assert bool(told) == bool(ends and ends[-1] > duration)


def test_only_the_known_are_kept_and_the_first_line_of_others_is_told():
    rows = pd.DataFrame(
        [(0, 1, "x"), (0, 2, "a"), (0, 3, "y"), (1, 1, "x"), (1, 0, "z")], columns=["file", "line", "utterance"]
    ).assign(start=0.0, end=1.0, label="p", channel="")
    only = LabelTable(rows, [Path("f"), Path("g")], {}, strangers={"w": (Path("w"), None)}).only(["a", "b"])
    assert only.rows["utterance"].tolist() == ["a"]
    assert only.strangers == {
        "w": (Path("w"), None), "x": (Path("f"), 1), "y": (Path("f"), 3), "z": (Path("g"), None),
    }  # fmt: skip
