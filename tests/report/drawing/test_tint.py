"""An image in the colours of its units against colorsys, a pixel at a time."""

import colorsys

import numpy as np

from unitdisc.report.drawing.tint import darkest, lightest, saturation, tinted


def test_the_hue_is_the_unit_and_the_lightness_the_image() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (8, 12, 3)).astype(np.uint8)
    units = np.array([0, 1, 2, 127, 4000, 1])
    found = tinted(pixels, units, (2, 3))
    assert (found.dtype, found.shape) == (np.uint8, pixels.shape)
    for y in range(8):
        for x in range(12):
            unit = units[y // 4 * 3 + x // 4]
            red, green, blue = pixels[y, x] / 255
            light = darkest + (lightest - darkest) * (0.299 * red + 0.587 * green + 0.114 * blue)
            expected = colorsys.hls_to_rgb(unit * 137.508 % 360 / 360, light, saturation)
            np.testing.assert_allclose(found[y, x], 255 * np.array(expected), atol=0.51)


def test_black_and_white_are_light_enough_for_dark_letters() -> None:
    for level in (0, 255):
        found = tinted(np.full((4, 4, 3), level, dtype=np.uint8), np.arange(4), (2, 2))
        assert found.max(axis=2).min() > 150
