"""The nearest codewords against a search through all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.report.browser import neighbours

quick = settings(deadline=None, max_examples=30)


@quick
@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_nearest_codewords(count: int, wanted: int, seed: int) -> None:
    words = np.random.default_rng(seed).normal(size=(count, 3))
    nearest = neighbours.nearest(words, wanted)
    assert nearest.shape == (count, min(wanted, count - 1))
    for word, row in enumerate(nearest):
        distance = ((words - words[word]) ** 2).sum(axis=1)
        others = sorted(other for other in range(count) if other != word)
        assert row.tolist() == sorted(others, key=lambda other: distance[other])[: len(row)]


def test_nearest_codewords_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.random.default_rng(0).normal(size=(50, 4))
    whole = neighbours.nearest(words, 5)
    monkeypatch.setattr(neighbours, "block", 7)
    np.testing.assert_array_equal(neighbours.nearest(words, 5), whole)
