"""Whom utterances are converted to, and sums of sums."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from unitdisc.probes.fidelity import summed, targets_of

names = st.lists(st.sampled_from("abcdefg"), unique=True)


@given(names, names, st.integers(0, 5))
def test_targets_are_others_that_are_known(speakers, known, most):
    found = targets_of(speakers * 2, sorted(known), most)
    assert found.keys() == set(speakers)
    for speaker, targets in found.items():
        alone = set(speakers) & set(known) and speaker not in known
        assert len(targets) == len(set(targets)) == (0 if alone else min(most, len(set(known) - {speaker})))
        assert set(targets) <= set(known) - {speaker}


def test_all_are_targets_as_often():
    known = list("abcdef")
    assert set(Counter(name for each in targets_of(known, known, 2).values() for name in each).values()) == {2}


def test_sums_are_summed():
    assert summed([{"a": (1, 2), "b": (0, 1)}, {}, {"a": (3, 4)}]) == {"a": (4, 6), "b": (0, 1)}
    assert summed([]) == {}
