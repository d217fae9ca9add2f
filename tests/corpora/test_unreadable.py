"""Utterances that cannot be read are reported all at once, or left out."""

from pathlib import Path

import pytest

from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.notices import Notices


def with_bad(count, *, path=None):
    unreadable = Unreadable()
    for number in range(1, count + 1):
        with unreadable.caught(f"u{number}", path, number):
            raise InputError("is empty", f"{number}.wav")
    return unreadable


def settled(unreadable, policy):
    notices = Notices()
    unreadable.settle(policy, Path("corpus"), notices)
    return notices.lines()


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_nothing_bad_is_nothing_said(policy):
    unreadable = Unreadable()
    with unreadable.caught("u1"):
        pass
    assert settled(unreadable, policy) == []
    assert unreadable.errors == {}


def test_one_is_told_as_itself():
    with pytest.raises(InputError) as error:
        settled(with_bad(1), "stop")
    assert str(error.value) == "1.wav: is empty"


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (2, "2 utterances cannot be read: 1.wav: is empty; 2.wav: is empty"),
        (3, "3 utterances cannot be read: 1.wav: is empty; 2.wav: is empty; 3.wav: is empty"),
        (4, "4 utterances cannot be read: 1.wav: is empty; 2.wav: is empty; 3.wav: is empty; and 1 more"),
        (50, "50 utterances cannot be read: 1.wav: is empty; 2.wav: is empty; 3.wav: is empty; and 47 more"),
    ],
)
def test_several_are_counted_and_at_most_three_are_quoted(count, told):
    with pytest.raises(InputError) as error:
        settled(with_bad(count), "stop")
    assert str(error.value) == f"corpus: {told}; mend them, or leave them out with on_bad_utterance: skip"


def test_the_line_that_names_one_is_told():
    with pytest.raises(InputError) as error:
        settled(with_bad(1, path=Path("wav.scp")), "stop")
    assert str(error.value) == "wav.scp:1: 1.wav: is empty"


@pytest.mark.parametrize("count", [1, 3, 50])
def test_those_to_skip_are_one_notice(count):
    unreadable = with_bad(count)
    assert settled(unreadable, "skip") == [
        f"utterances that cannot be read, left out: {count} (first: 1.wav: is empty)"
    ]
    assert len(unreadable.errors) == count


def test_they_are_told_once():
    unreadable = with_bad(2)
    assert len(settled(unreadable, "skip")) == 1
    assert settled(unreadable, "skip") == []
    with unreadable.caught("u3"):
        raise InputError("is empty", "3.wav")
    with pytest.raises(InputError, match=r"^3\.wav: is empty$"):
        settled(unreadable, "stop")


def test_other_errors_are_no_bad_utterances():
    unreadable = Unreadable()
    with pytest.raises(RuntimeError), unreadable.caught("u1"):
        raise RuntimeError
    assert unreadable.errors == {}
