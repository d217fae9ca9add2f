"""Patches: every pixel of an image at its place in a frame, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.features.patches import image, patches


def by_hand(pixels, patch):
    frames = []
    for row in range(0, pixels.shape[0], patch):
        for column in range(0, pixels.shape[1], patch):
            values = []
            for y in range(patch):
                for x in range(patch):
                    values += [int(value) / 255 - 0.5 for value in pixels[row + y, column + x]]
            frames.append(values)
    return np.array(frames)


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_frame_holds_the_pixels_of_its_square_row_by_row(rows, columns, patch, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (rows * patch, columns * patch, 3), dtype=np.uint8)
    frames = patches(pixels, patch)
    assert frames.shape == (rows * columns, patch * patch * 3)
    assert frames.dtype == np.float32
    assert frames == pytest.approx(by_hand(pixels, patch), abs=1e-6)
    assert (image(frames, (rows, columns)) == pixels).all()


def test_black_and_white_are_the_ends_of_the_range():
    assert (patches(np.zeros((4, 4, 3), np.uint8), 4) == -0.5).all()
    assert (patches(np.full((4, 4, 3), 255, np.uint8), 4) == 0.5).all()


def test_values_beyond_the_range_are_cut():
    assert image(np.array([[-3.0, 0.0, 3.0]], np.float32), (1, 1)).tolist() == [[[0, 128, 255]]]
