"""Notices: counted by kind, with the first example of each, and said once."""

from hypothesis import given
from hypothesis import strategies as st

from unitdisc.notices import Notices


def test_a_kind_is_one_line_with_its_count_and_first_example():
    notices = Notices()
    notices.add("labels cut", "a of u1")
    notices.add("files left out", "x.wav", 3)
    notices.add("labels cut", "b of u2")
    assert notices.lines() == ["labels cut: 2 (first: a of u1)", "files left out: 3 (first: x.wav)"]


def test_nothing_counted_is_nothing_said(caplog):
    notices = Notices()
    notices.add("labels cut", "none", 0)
    notices.say()
    assert notices.lines() == []
    assert caplog.text == ""


def test_what_was_said_is_forgotten(caplog):
    notices = Notices()
    notices.add("labels cut", "a")
    notices.say()
    notices.say()
    assert [record.getMessage() for record in caplog.records] == ["notice: labels cut: 1 (first: a)"]
    notices.add("labels cut", "b")
    assert notices.lines() == ["labels cut: 1 (first: b)"]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.text(max_size=3), st.integers(0, 9))))
def test_every_count_is_the_sum_of_what_was_added(added):
    notices = Notices()
    for what, example, count in added:
        notices.add(what, example, count)
    counted = [each for each in added if each[2]]
    expected = []
    for what in dict.fromkeys(what for what, _, _ in counted):
        own = [each for each in counted if each[0] == what]
        expected.append(f"{what}: {sum(count for _, _, count in own)} (first: {own[0][1]})")
    assert notices.lines() == expected
