"""Levels of frames: two clusters of them, and their mean over neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import reference
from unitdisc.features.levels import smoothed, two_means

numbers = st.integers(-40, 40).map(lambda n: n / 8)


@given(st.lists(numbers, min_size=2, max_size=12).filter(lambda levels: len(set(levels)) > 1))
def test_two_means_have_the_least_error_of_all_splits(levels):
    found = two_means(np.array(levels, dtype=np.float32))
    best = reference.two_means(levels)
    assert error(levels, found) == pytest.approx(error(levels, best), abs=1e-9)  # two splits may be as good
    assert found[0] < found[1]


def error(levels, means):
    return sum(min((level - mean) ** 2 for mean in means) for level in levels)


def test_two_means_are_those_of_two_heaps():
    levels = np.random.default_rng(0).permutation(np.concatenate([np.full(90, -3.0), np.full(10, 5.0)]))
    assert two_means(levels) == pytest.approx((-3, 5))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_equal_levels_have_equal_means(count):
    assert two_means(np.full(count, 1.5, dtype=np.float32)) == (1.5, 1.5)


@given(st.lists(numbers, min_size=1, max_size=15), st.sampled_from([1, 3, 5, 11]))
def test_smoothing_is_the_mean_of_the_neighbours_that_exist(values, width):
    found = smoothed(np.array(values, dtype=np.float32), width)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference.smoothed(values, width), atol=1e-6)
