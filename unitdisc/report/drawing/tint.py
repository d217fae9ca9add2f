"""An image in the colours of its units: the hue of each patch is its unit, and its lightness is the image."""

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints

Pixels = NDArray[np.uint8]

turn = 137.508  # degrees between the hues of two units that follow each other, as on the rest of the page
grey = np.array([0.299, 0.587, 0.114])  # what each colour adds to the lightness of a pixel (ITU-R BT.601)
darkest, lightest, saturation = 0.56, 0.94, 0.6  # light enough for dark letters


def tinted(pixels: Pixels, units: Ints, grid: tuple[int, int]) -> Pixels:
    """Return an image (H, W, 3) with each patch of the ``grid`` in the hue of its unit; units (T,) are in raster order.

    H and W are multiples of the grid's rows and columns.
    """
    rows, columns = grid
    hue = np.repeat(np.repeat(units.reshape(grid), len(pixels) // rows, 0), pixels.shape[1] // columns, 1) * turn % 360
    light = darkest + (lightest - darkest) * (pixels @ grey) / 255
    amount = saturation * np.minimum(light, 1 - light)
    # Hue, saturation and lightness as red, green and blue: see CSS Color Module Level 4, 7.1.
    k = (np.array([0.0, 8.0, 4.0]) + hue[..., None] / 30) % 12
    values = light[..., None] - amount[..., None] * np.clip(np.minimum(k - 3, 9 - k), -1, 1)
    levels: Pixels = np.rint(255 * values).astype(np.uint8)
    return levels
