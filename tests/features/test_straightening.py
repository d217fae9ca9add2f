"""Lines made alike: upright strokes, and writing of the same size at the same height."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import resampled_line
from unitdisc.features.straightening import resampled, slant_of, spread, straightened

rows = np.arange(32)


def upright(*, top=8.0, bottom=24.0, columns=200):
    """Strokes from top to bottom with soft ends, 14 columns apart."""
    inside = np.clip(np.minimum(rows - top, bottom - rows) + 1, 0, 1)
    line = np.zeros((columns, 32), dtype=np.float32)
    for x in range(30, columns - 30, 14):
        line[x : x + 3] = inside
    return line


def slanted(line, shear):
    """Move every row by ``shear`` columns more than the one above it, the middle of the height staying."""
    places = np.arange(len(line))
    moved = [np.interp(places - shear * (row - 15.5), places, line[:, row], left=0, right=0) for row in rows]
    return np.stack(moved, axis=1).astype(np.float32)


def gathered(line):
    """In how few columns the ink is: 1 if it is all in one of them."""
    columns = line.sum(axis=1)
    return np.square(columns / columns.sum()).sum()


def moments(line):
    """The mean row of the ink, and the deviation about it."""
    profile = line.sum(axis=0) / line.sum()
    middle = profile @ rows
    return middle, np.sqrt(profile @ (rows - middle) ** 2)


@pytest.mark.parametrize("shear", [-0.8, -0.35, -0.05, 0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("top", [4.0, 8.0, 13.0])
def test_the_slant_of_a_line_is_found(shear, top):
    line = slanted(upright(top=top, bottom=26), shear)
    assert slant_of(line) == pytest.approx(shear, abs=0.05)
    assert slant_of(line[::-1]) == pytest.approx(-shear, abs=0.05)  # the line in a mirror


@pytest.mark.parametrize("shear", [-0.6, 0.0, 0.6])
@pytest.mark.parametrize(("top", "bottom"), [(2, 29), (8, 24), (4, 13), (18, 25)])
def test_strokes_become_upright_of_common_size_and_height(shear, top, bottom):
    """Whatever the size of the writing: of strokes this far apart, all the ink comes back into few columns."""
    plain = upright(top=top, bottom=bottom)
    line = straightened(slanted(plain, shear))
    assert gathered(line) > 0.7 * gathered(plain)
    assert slant_of(line) == pytest.approx(0, abs=0.05)
    middle, deviation = moments(line)
    assert middle == pytest.approx(15.5, abs=0.3)
    assert deviation == pytest.approx(spread, rel=0.1)


def test_columns_stay_where_they_are():
    """Labels are spans of columns, and they still fit: in the middle of the height nothing moves."""
    places = np.arange(200) * upright().any(axis=1)
    found = straightened(slanted(upright(), 0.5)).sum(axis=1)
    strokes = places[places > 0]
    assert found[strokes].sum() > 0.75 * found.sum()


def test_a_line_is_scaled_by_no_more_than_the_limits():
    dot = np.zeros((40, 32), dtype=np.float32)
    dot[20, 3:5] = 1  # interpolated, less than three rows
    found = straightened(dot)
    assert 2 / 0.4 <= found.any(axis=0).sum() <= 3 / 0.4 + 1
    assert moments(found)[0] == pytest.approx(15.5, abs=0.5)


def test_a_line_without_ink_is_not_changed():
    for columns in (1, 50):
        blank = np.zeros((columns, 32), dtype=np.float32)
        np.testing.assert_array_equal(straightened(blank), blank)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 90), st.integers(0, 100))
def test_any_line_keeps_its_shape_and_its_range(columns, seed):
    line = np.random.default_rng(seed).random((columns, 32), dtype=np.float32)
    found = straightened(line)
    assert found.shape == line.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_resampling_agrees_with_the_loop(seed):
    random = np.random.default_rng(seed)
    line = random.random((int(random.integers(5, 40)), 32), dtype=np.float32)
    slant, size, middle = random.uniform(-1, 1), random.uniform(0.4, 2.5), random.uniform(8, 24)
    found = resampled(line, slant=slant, size=size, middle=middle)
    np.testing.assert_allclose(found, resampled_line(line, slant, size, middle), atol=1e-5)
    np.testing.assert_allclose(resampled(line, slant=0, size=1, middle=15.5), line, atol=1e-6)
