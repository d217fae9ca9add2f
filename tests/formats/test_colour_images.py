"""PNG and JPEG of one size in 8-bit RGB are read; all else is refused in one line."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.cifar import picture, saved
from tests.helpers.images import png
from unitdisc.errors import InputError
from unitdisc.formats.colour_images import decoded, of_pixels, read_file

whole = saved(picture(0))
rgb = Image.fromarray(picture(0))


def read(data, size=(32, 32)):
    return decoded(io.BytesIO(data), size, "a.png")


def bomb():
    """A PNG of a few bytes that says it has 60,000 × 60,000 pixels."""
    return whole[:16] + struct.pack(">II", 60_000, 60_000) + whole[24:29] + struct.pack(
        ">I", zlib.crc32(b"IHDR" + struct.pack(">II", 60_000, 60_000) + whole[24:29])
    ) + whole[33:]  # fmt: skip


def test_a_png_has_its_pixels_and_a_jpeg_nearly():
    smooth = np.asarray(rgb.resize((4, 4)).resize((32, 32), Image.Resampling.BICUBIC))
    assert (read(whole) == picture(0)).all()
    assert np.abs(read(saved(smooth, "JPEG", quality=95)).astype(int) - smooth).mean() < 3


def test_an_image_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[274] = 6
    turned = read(saved(rgb.crop((0, 0, 32, 16)), exif=exif), size=(32, 16))
    assert (turned == np.rot90(picture(0)[:16], -1)).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (saved(rgb.convert("L")), "is grey, not RGB; convert it to 8-bit RGB"),
        (saved(rgb.convert("LA")), "is grey with an alpha channel, not RGB"),
        (saved(rgb.convert("1")), "is black and white, not RGB"),
        (saved(rgb.convert("RGBA")), "has an alpha channel, not RGB"),
        (saved(rgb.quantize(8)), "has a palette, not RGB"),
        (saved(rgb.convert("CMYK"), "JPEG"), "is CMYK, not RGB"),
        (saved(rgb, transparency=(1, 2, 3)), "has a transparent colour"),
        (png(picture(0).astype(int) * 257, 16), "has 16 bits a colour, not 8"),
        (png(picture(0)[..., 0].astype(int) * 257, 16), "is grey, not RGB"),
        (saved(rgb, save_all=True, append_images=[Image.fromarray(picture(1))]), "is an animation"),
        (saved(rgb.crop((0, 0, 32, 31))), "has 32 × 31 pixels, and images here have 32 × 32"),
        (bomb(), "has 60000 × 60000 pixels|cannot be read as an image"),
        (whole[:400], "cannot be read as an image"),
        (saved(rgb, "BMP"), "is no PNG or JPEG"),
        (b"", "is no PNG or JPEG"),
    ],
)  # fmt: skip
def test_all_else_is_refused(data, message):
    with pytest.raises(InputError, match=rf"a\.png: ({message})") as error:
        read(data)
    assert "\n" not in str(error.value)


@given(st.integers(0, len(whole) - 1), st.integers(0, 255), st.integers(0, len(whole)))
def test_a_damaged_file_gives_an_image_or_one_line(place, value, end):
    data = bytearray(whole)
    data[place] = value
    try:
        found = read(bytes(data[:end])).shape
    except InputError as error:
        found = None if "\n" in str(error) else (32, 32, 3)
    assert found == (32, 32, 3)


def test_a_missing_file_and_pixels_of_another_type(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_file(str(tmp_path / "none.png"), (32, 32))
    with pytest.raises(InputError, match=r"pixels are \(rows, columns, 3\) in uint8, and not 32 × 32 × 3 float64"):
        of_pixels(np.zeros((32, 32, 3)), (32, 32))
