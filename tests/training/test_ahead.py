"""Work ahead of a loop: the same results in the same order, whatever is ahead."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.training.ahead import in_order


@given(st.lists(st.integers(), max_size=20), st.integers(0, 30))
def test_results_are_those_of_map(numbers, count):
    drawn = []
    arguments = (drawn.append(number) or number for number in numbers)
    assert list(in_order(lambda number: number + 1, arguments, count=count)) == [number + 1 for number in numbers]
    assert drawn == numbers


def test_no_more_is_drawn_than_is_ahead():
    drawn = []
    results = in_order(str, (drawn.append(number) or number for number in range(100)), count=3)
    assert [next(results), next(results)] == ["0", "1"]
    assert drawn == [0, 1, 2, 3, 4]
    results.close()
    assert len(drawn) == 5


def test_work_goes_on_while_a_result_is_used():
    third = threading.Event()
    results = in_order(lambda number: number == 2 and third.set(), range(5), count=2)
    next(results)
    assert third.wait(10)
    results.close()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_an_error_comes_in_the_place_of_its_result(count):
    results = in_order(lambda number: 1 // number, (2, 1, 0, 1), count=count)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
