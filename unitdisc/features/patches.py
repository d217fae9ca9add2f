"""Patches of an image: the squares that its frames are, row by row, and the image that frames stand for."""

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Matrix

Pixels = NDArray[np.uint8]
colours = 3


def patches(pixels: Pixels, patch: int) -> Matrix:
    """Return an image (H, W, 3) as frames (H / patch · W / patch, patch² · 3), value / 255 − 0.5.

    Patches of ``patch`` × ``patch`` pixels go row by row, and so do the pixels of a patch, each with its red, green and
    blue: pixel (y, x) of a patch has the places (y · patch + x) · 3 to + 2. H and W are multiples of ``patch``.
    """
    rows, columns = pixels.shape[0] // patch, pixels.shape[1] // patch
    squares = pixels.reshape(rows, patch, columns, patch, colours).transpose(0, 2, 1, 3, 4)
    levels = squares.reshape(rows * columns, patch * patch * colours).astype(np.float32)
    return np.asarray(levels / np.float32(255) - np.float32(0.5))


def image(frames: Matrix, grid: tuple[int, int]) -> Pixels:
    """Return frames as the image (H, W, 3) whose ``patches`` they are, each value rounded and cut to 0 to 255."""
    patch = round((frames.shape[1] // colours) ** 0.5)
    levels = np.rint(np.clip((frames + 0.5) * 255, 0, 255)).astype(np.uint8)
    squares = levels.reshape(*grid, patch, patch, colours).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(squares.reshape(grid[0] * patch, grid[1] * patch, colours))
