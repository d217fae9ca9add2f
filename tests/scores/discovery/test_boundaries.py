"""Windows around boundaries, and one-to-one matching, on dense times where windows meet."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from unitdisc.scores.discovery.boundaries import Boundaries, hits, matched

times = st.lists(st.integers(1, 40), unique=True, max_size=12).map(sorted)
quick = settings(deadline=None, max_examples=200)


def at(times):
    return Boundaries(np.zeros(len(times), np.int64), np.array(times, dtype=np.int64))


@quick
@given(times, times, st.integers(0, 6))
def test_windows_are_cut_at_their_midpoints(truth, guess, tolerance):
    """Any two neighbours share nothing: a guess belongs to the nearer, at the midpoint to the earlier."""
    want = []
    for k, time in enumerate(truth):
        mine = [g for g in guess if abs(g - time) <= tolerance]
        mine = [g for g in mine if k == 0 or 2 * g > truth[k - 1] + time]
        want.append(any(k + 1 == len(truth) or 2 * g <= truth[k + 1] + time for g in mine))
    assert hits(at(truth), at(guess), tolerance).tolist() == want


def test_a_guess_at_the_edge_counts_and_one_at_the_midpoint_counts_once():
    assert hits(at([20]), at([22]), 2).tolist() == [True]
    assert hits(at([20]), at([18]), 2).tolist() == [True]
    assert hits(at([20]), at([23]), 2).tolist() == [False]
    assert hits(at([20, 24]), at([22]), 3).tolist() == [True, False]
    assert hits(at([20, 24]), at([23]), 3).tolist() == [False, True]


@quick
@given(times, times, st.integers(0, 6))
def test_pairing_from_the_left_is_a_largest_matching(truth, guess, reach):
    got = matched(np.zeros(len(truth), np.int64), at(truth).time, at(guess).time, np.array([reach]), 1)
    assert got.tolist() == [reference.largest_matching(truth, guess, reach)]


@quick
@given(times, times)
def test_the_corpus_oracle_cuts_windows_as_we_do(truth, guess):
    edges = [0, *truth, 50]
    segments = [(Fraction(a), Fraction(b), str(k % 2)) for k, (a, b) in enumerate(pairwise(edges))]
    units = np.searchsorted(guess, np.arange(50), side="right").tolist()
    scores = reference.boundary_scores([(units, segments, Fraction(1))], (), 3, lambda u: u)
    if truth:
        assert scores["boundary_recall"] == hits(at(truth), at(guess), 3).mean()
