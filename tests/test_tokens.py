"""Tokens of several codebooks as text, as one number, and in the grid of an image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tokens
from unitdisc.errors import InputError

quick = settings(deadline=None, max_examples=80)


@st.composite
def units(draw, most=2**31 - 1):
    """Units (T,) or (T, G)."""
    indices = draw(st.sampled_from([1, 2, 3, 8, 65]))
    row = st.lists(st.integers(0, draw(st.sampled_from([1, 255, 256, most]))), min_size=indices, max_size=indices)
    rows = np.array(draw(st.lists(row, max_size=6)), dtype=np.int64).reshape(-1, indices)
    return rows[:, 0] if indices == 1 else rows


@given(units())
@quick
def test_what_is_written_is_read(own):
    for between in (":", "-"):
        read = tokens.parsed(tokens.text(own, between), "u", "x", 1, between)
        assert read.tolist() == own.tolist()


@given(units(), units())
@quick
def test_numbers_are_equal_where_tokens_are(one, other):
    if one.ndim != other.ndim or tokens.indices(one) != tokens.indices(other):
        return
    both = [*one.tolist(), *other.tolist()]
    alike = [[a == b for b in both] for a in both]
    joint = np.concatenate([tokens.joint(one), tokens.joint(other)])
    assert (joint[:, None] == joint).tolist() == (alike or np.zeros((0, 0)).tolist())
    numbered = tokens.numbered({"a": one, "b": other})
    assert [len(each) for each in numbered.values()] == [len(one), len(other)]
    numbers = np.concatenate(list(numbered.values()))
    assert (numbers[:, None] == numbers).tolist() == (alike or np.zeros((0, 0)).tolist())
    if one.ndim == 2 and len(numbers):
        assert set(numbers.tolist()) == set(range(len(set(map(tuple, both)))))


def test_a_joint_number_is_exact_where_indices_are_small():
    rows = np.array([[255] * 8, [0] * 8, [128, *[0] * 7]])
    assert tokens.joint(rows).view(np.uint64).tolist() == [2**64 - 1, 0, 128 * 256**7]


@given(units())
@quick
def test_changes_are_where_any_index_differs(own):
    rows = own.tolist()
    assert tokens.changes(own).tolist() == [a != b for a, b in zip(rows[1:], rows[:-1], strict=False)][: len(rows)]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1:2 3", "token 2 of 'u' has another number of indices than the first: 1, not 2"),
        ("1:2 3:4:5", "token 2 of 'u' has another number of indices than the first: 3, not 2"),
        ("1:x", "token '1:x' of 'u' is not whole numbers joined by ':'"),
        ("1: 2:3", "token '1:' of 'u' is not whole numbers joined by ':'"),
        ("1:-2", "token '1:-2' of 'u' is not whole numbers joined by ':'"),
        ("1:٣", "token '1:٣' of 'u' is not whole numbers joined by ':'"),
        (f"1:{10**30}", "token '1:10000.*' of 'u' is not whole numbers"),
        ("1.5", "a unit of 'u' is not a whole number"),
        ("-1", "unit -1 of 'u' is below 0"),
    ],
)
def test_a_token_that_is_none_is_told(cell, message):
    with pytest.raises(InputError, match=f"x:7: {message}"):
        tokens.parsed(cell, "u", "x", 7)


@pytest.mark.parametrize("value", ["8x8", [8, 8], (8, 8), np.array([8, 8])])
def test_a_grid_is_read(value):
    assert tokens.read_grid(value, "u", "x", 1) == (8, 8)
    assert tokens.fitting((8, 8), 64, "u", "x", 1) == (8, 8)


@pytest.mark.parametrize("value", ["8", "8x", "0x8", "8x8x8", "8X8", [8], [8, 8.5], 8, {"rows": 8}, "x" * 99, "٣x٣"])
def test_a_grid_that_is_none_is_told(value):
    with pytest.raises(InputError, match=r"x:1: the grid .* of 'u' is not ROWSxCOLUMNS, such as 8x8"):
        tokens.read_grid(value, "u", "x", 1)


def test_a_grid_has_a_place_for_each_token():
    with pytest.raises(InputError, match="x:1: the grid 8x7 of 'u' has 56 places for 64 tokens"):
        tokens.fitting((8, 7), 64, "u", "x", 1)
