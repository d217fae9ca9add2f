"""Numbers in as few bytes as they need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.scores.discovery.columns import Column, narrowed

wholes = st.integers(0, 2**32 - 1).map(float)
numbers = st.lists(st.lists(wholes | st.integers(0, 300).map(float), max_size=4), max_size=4)


@given(numbers, st.lists(st.floats(-10, 10), max_size=2))
def test_numbers_come_back_in_the_type_that_the_largest_needs(parts, others):
    column = Column()
    for part in [*parts, others]:
        column.add(np.array(part, dtype=np.float64))
    flat = [number for part in [*parts, others] for number in part]
    got = column.values()
    assert got.tolist() == flat
    kinds = [kind for kind in "BHI" if all(number % 1 == 0 and 0 <= number <= np.iinfo(kind).max for number in flat)]
    assert got.dtype == np.dtype([*kinds, "d"][0])


@pytest.mark.parametrize(("largest", "bytes_each"), [(255, 1), (256, 2), (65_535, 2), (65_536, 4), (0.5, 8), (-1, 8)])
def test_a_number_takes_no_more_bytes_than_it_needs(largest, bytes_each):
    assert narrowed(np.array([0, largest])).itemsize == bytes_each


def test_what_is_missing_is_zero():
    column = Column()
    column.add(np.array([300.0]))
    column.pad(3)
    column.add(np.array([1.0]))
    column.pad(4)
    assert column.values().tolist() == [300, 0, 0, 1]
