"""Shares of an ABX task: every pair of labels is in one of them, and its error is that of the whole task."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.scores.abx.cells import _of_share
from unitdisc.scores.abx.items import EmptyTaskError
from unitdisc.scores.abx.score import abx

columns = ["utterance", "onset", "offset", "label", "previous", "next", "speaker"]


def task(tokens, seed=0):
    """Items of two frames each, (label, previous, speaker), one utterance each, with random features."""
    generator = np.random.default_rng(seed)
    rows = [(f"u{n}", "0", "2", label, before, "z", speaker) for n, (label, before, speaker) in enumerate(tokens)]
    features = {row[0]: generator.normal(size=(2, 3)).astype(np.float32) for row in rows}
    return pd.DataFrame(rows, columns=columns), features


def told(score):
    return [(pair, error, cells) for (pair, error), cells in zip(score.pairs.items(), score.pair_cells, strict=True)]


tokens = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from("kl")), min_size=4, max_size=24
)


@settings(deadline=None, max_examples=40)
@given(tokens, st.integers(2, 9), st.sampled_from(["within", "across"]), st.sampled_from(["within", "any"]))
def test_shares_have_the_errors_of_the_whole(tokens, of, speaker, context):
    items, features = task(tokens)
    options = {"frame_shift": 1, "speaker": speaker, "context": context, "threads": 1}
    try:
        whole = abx(items, features, **options)
    except EmptyTaskError:
        with pytest.raises(EmptyTaskError):
            abx(items, features, share=(1, of), **options)
        return
    shares = [abx(items, features, share=(number, of), **options) for number in range(1, of + 1)]
    assert sorted(each for share in shares for each in told(share)) == told(whole)
    assert sum(share.cells for share in shares) == whole.cells == whole.pair_cells.sum()
    assert all(np.isnan(share.error) == (share.cells == 0) for share in shares)
    pairs = [{tuple(sorted(pair)) for pair, _, _ in told(share)} for share in shares]
    assert sum(map(len, pairs)) == len(set().union(*pairs))  # both directions are in one share


def test_the_table_of_cells_is_shared_too():
    items, features = task([(label, before, "k") for label in "abcd" for before in "xy"] * 2)
    whole = abx(items, features, frame_shift=1, threads=1)
    shares = [abx(items, features, frame_shift=1, threads=1, share=(number, 3)) for number in (1, 2, 3)]
    assert all(0 < share.cells < whole.cells for share in shares)
    joined = pd.concat([share.table for share in shares]).sort_values(list(whole.table)[:6])
    pd.testing.assert_frame_equal(
        joined.reset_index(drop=True), whole.table.sort_values(list(whole.table)[:6]).reset_index(drop=True)
    )


@given(st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4), min_size=1, max_size=12), st.integers(1, 8))
def test_shares_of_cost_are_even_up_to_one_pair(costs, of):
    labels = np.repeat(np.arange(len(costs)), list(map(len, costs)))
    cost = np.array([each for pair in costs for each in pair])
    slices = [_of_share(labels, cost, (number, of)) for number in range(1, of + 1)]
    assert np.concatenate([np.arange(len(labels))[each] for each in slices]).tolist() == list(range(len(labels)))
    largest = max(map(sum, costs))
    for each in slices:
        assert cost[each].sum() <= cost.sum() / of + largest
