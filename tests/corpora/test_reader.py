"""What all readers share: the slack of times, what is too short for a frame, and what cannot be read."""

from pathlib import Path

import pytest

from unitdisc import registry
from unitdisc.errors import InputError


def reader(kind="folder", **options):
    settings = registry.corpora.load(kind).Settings.model_validate({"kind": kind, "root": "corpus", **options})
    return registry.corpora.load(kind)(settings, Path("source"))


@pytest.mark.parametrize(
    ("kind", "features", "slack"),
    [
        ("folder", {"kind": "speech"}, 0.5),
        ("folder", {"kind": "speech", "frame_shift": 500}, 0.75),
        ("folder", {"kind": "handwriting"}, 1.5),
        ("kaldi", {"kind": "precomputed", "frame_shift": 20}, 0.5),
        ("kaldi", {"kind": "precomputed", "frame_shift": 1000}, 1.5),
        ("scribblelens", {"kind": "handwriting"}, 1.5),
    ],
)
def test_times_may_pass_the_end_by_a_frame_and_a_half_or_half_a_second(kind, features, slack):
    assert reader(kind, features=features).slack == pytest.approx(slack)


@pytest.mark.parametrize(
    ("shift", "duration", "kept"),
    [
        (10, 0.005, True),
        (10, 0.0049, False),
        (10, 0.0, False),
        (20, 0.01, True),
        (20, 0.0099, False),
        (10, 0.015, True),
    ],
)
def test_half_a_frame_is_a_frame_and_less_is_none(shift, duration, kept):
    own = reader(features={"kind": "speech", "frame_shift": shift})
    listed = {"u": "entry", "v": "other"}
    assert own.long_enough(listed, {"u": duration, "v": 1}) == (listed if kept else {"v": "other"})
    assert own.left_out == (set() if kept else {"u"})


def test_those_that_are_too_short_are_counted():
    own = reader()
    own.long_enough({"u": 1, "v": 1, "w": 1}, {"u": 0.001, "v": 0.002, "w": 1})
    assert own.notices.lines() == [
        "utterances that are too short for a frame, left out: 2 (first: 'u' has 0.001 seconds)"
    ]


@pytest.mark.parametrize(("policy", "told"), [("stop", True), ("skip", False)])
def test_what_cannot_be_read_ends_the_reading_or_is_left_out(policy, told):
    own = reader(on_bad_utterance=policy)
    for name in ("u", "v"):
        with own.unreadable.caught(name):
            raise InputError("is empty", name)
    if told:
        with pytest.raises(
            InputError, match=r"^corpus: 2 utterances cannot be read: u: is empty; v: is empty; mend them"
        ):
            own.settle()
    else:
        own.settle()
        assert own.notices.lines() == ["utterances that cannot be read, left out: 2 (first: u: is empty)"]


def test_a_policy_of_another_name_is_refused():
    with pytest.raises(ValueError, match="on_bad_utterance"):
        reader(on_bad_utterance="ignore")
