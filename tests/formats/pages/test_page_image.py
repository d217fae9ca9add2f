"""Images of pages: their size against that of the page file, orientation, and TIFFs of several pages."""

import io

import numpy as np
import pytest
from PIL import Image

from unitdisc.errors import InputError
from unitdisc.formats.pages.line import Page
from unitdisc.formats.pages.page_image import as_png, frames, read_page_image


def page(width, rows, *, pixels=True):
    return Page("a.png", (float(width), float(rows)), (), {}, pixels=pixels)


def saved(levels, form="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(levels).save(file, form, **options)
    return file.getvalue()


levels = np.arange(60, dtype=np.uint8).reshape(6, 10)


@pytest.mark.parametrize(("size", "scale"), [((10, 6), 1.0), ((5, 3), 2.0), ((0, 0), 1.0), ((2540, 1524), 10 / 2540)])
def test_the_scale(size, scale):
    found = read_page_image(saved(levels), "a.png", page(*size))
    np.testing.assert_array_equal(found.levels, levels)
    assert found.scale == pytest.approx((scale, scale))


def test_another_image():
    with pytest.raises(InputError, match=r"a\.png: has 10 × 6 pixels, and its page file is of an image of 30 × 10"):
        read_page_image(saved(levels), "a.png", page(30, 10))
    with pytest.raises(InputError, match="is measured in other units than pixels"):
        read_page_image(saved(levels), "a.png", page(0, 0, pixels=False))
    with pytest.raises(InputError, match=r"a\.png: cannot be read as an image"):
        read_page_image(b"none", "a.png", page(0, 0))


@pytest.mark.parametrize("size", [(6, 10), (10, 6)])
def test_orientation_is_that_which_the_page_file_has(size):
    exif = Image.Exif()
    exif[274] = 6
    found = read_page_image(saved(levels, "PNG", exif=exif), "a.png", page(*size))
    np.testing.assert_array_equal(found.levels, np.rot90(levels, -1) if size == (6, 10) else levels)


def test_pages_of_a_tiff():
    others = [Image.fromarray(levels + k) for k in (1, 2)]
    data = saved(levels, "TIFF", save_all=True, append_images=others)
    assert frames(data, "a.tif") == 3
    for k in range(3):
        assert read_page_image(data, "a.tif", page(10, 6), k).levels[0, 0] == k
        assert np.asarray(Image.open(io.BytesIO(as_png(data, "a.tif", k))))[0, 0] == k
    with pytest.raises(InputError, match=r"has no page 4: there are 3"):
        read_page_image(data, "a.tif", page(10, 6), 3)


def test_a_page_that_is_too_large():
    with pytest.raises(InputError, match="too many for a page; scale the image down"):
        read_page_image(saved(np.zeros((12_000, 12_000), np.uint8)), "a.png", page(0, 0))
