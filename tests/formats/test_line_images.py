"""Line images: opened and measured, and every failure is an error of one line."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.images import saved
from tests.helpers.zips import zipped
from unitdisc.errors import InputError
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.image_memory import most_memory
from unitdisc.formats.line_images import columns, height, line_data, opened, probe
from unitdisc.formats.shown_image import load


def decoded(source):
    with line_data(source) as data, opened(data, source) as image:
        load(image, source)
        return image.size


def claiming(width: int, height: int, bits: int = 8, colours: int = 0) -> bytes:
    """A small PNG whose header claims a size of its own."""
    data = bytearray(saved(Image.new("L", (300, 64)), "PNG"))
    data[16:26] = struct.pack(">IIBB", width, height, bits, colours)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize(("size", "count"), [((45, 72), 20), ((100, 33), 97), ((1, 32), 1), ((7, 500), 0)])
def test_columns_are_counted_at_height_32_and_rounded(size, count):
    assert columns(*size) == count


@given(st.integers(1, 10_000), st.integers(1, 10_000))
@settings(deadline=None, max_examples=200)
def test_a_column_is_never_further_off_than_half(width, rows):
    assert abs(columns(width, rows) - height * width / rows) <= 0.5 + 1e-6


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_the_width_of_every_kind_is_read_in_a_file_and_in_a_zip(tmp_path, kind):
    data = saved(Image.new("L", (300, 64), 255), kind)
    (tmp_path / "line.img").write_bytes(data)
    (tmp_path / "lines.zip").write_bytes(zipped({"a/line.img": data}))
    inside = f"{tmp_path}/lines.zip#a/line.img"
    with OpenSources() as sources:
        assert probe(str(tmp_path / "line.img")) == probe(inside) == probe(inside, sources) == (150.0, None)
    assert decoded(inside) == (300, 64)


def test_the_width_needs_the_header_alone(tmp_path):
    data = saved(Image.effect_noise((300, 64), 60), "PNG")
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    assert probe(str(tmp_path / "cut.png")) == (150.0, None)
    with pytest.raises(InputError, match=r"cut\.png: cannot be read as an image"):
        decoded(str(tmp_path / "cut.png"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.8])
def test_a_truncated_image_is_refused(tmp_path, kind, share):
    whole = saved(Image.effect_noise((300, 64), 60), kind)
    path = tmp_path / "cut.img"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"cut\.img: (is not an image|cannot be read as an image)"):
        decoded(str(path))


def test_a_file_that_is_no_image_or_not_there_is_refused(tmp_path):
    (tmp_path / "notes.png").write_text("no image")
    for function in (decoded, probe):
        with pytest.raises(InputError, match=r"notes\.png: is not an image"):
            function(str(tmp_path / "notes.png"))
        with pytest.raises(InputError, match=r"gone\.png: no such file"):
            function(str(tmp_path / "gone.png"))


def test_an_image_of_too_many_pixels_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "bomb.png"
    path.write_bytes(claiming(20_000, 20_000))
    with pytest.raises(InputError, match=r"bomb\.png: .*20000 × 20000 pixels, too many|bomb\.png: cannot be read"):
        decoded(str(path))
    path.write_bytes(claiming(11_000, 11_000))
    with pytest.raises(InputError, match=r"11000 × 11000 pixels, too many for a text line; cut the page into lines"):
        decoded(str(path))
    path.write_bytes(saved(Image.new("L", (200_000, 1)), "PNG"))  # small, but 205 million pixels once scaled
    with pytest.raises(InputError, match="too many for a text line"):
        probe(str(path))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    path.write_bytes(saved(Image.new("L", (60, 60)), "PNG"))
    with pytest.raises(InputError, match=r"bomb\.png: cannot be read as an image \(Image size"):
        decoded(str(path))


def test_the_largest_image_is_still_measured(tmp_path):
    (tmp_path / "large.png").write_bytes(claiming(10_000, 10_000))
    assert most_memory == 10 * 10_000**2
    assert probe(str(tmp_path / "large.png")) == (32.0, None)
    (tmp_path / "large.png").write_bytes(claiming(10_001, 10_000))
    with pytest.raises(InputError, match=r"large\.png: has 10001 × 10000 pixels, too many"):
        probe(str(tmp_path / "large.png"))


@pytest.mark.parametrize(("bits", "colours", "pixels"), [(8, 2, 10_000), (8, 6, 5_000), (8, 4, 5_000), (16, 0, 2_222)])
def test_pixels_that_take_more_memory_may_be_fewer(tmp_path, bits, colours, pixels):
    path = tmp_path / "line.png"
    path.write_bytes(claiming(10_000, pixels, bits, colours))
    assert probe(str(path))[0] > 0
    path.write_bytes(claiming(10_000, pixels + 1, bits, colours))
    with pytest.raises(InputError, match=rf"line\.png: has 10000 × {pixels + 1} pixels, too many for a text line"):
        probe(str(path))


def test_an_image_without_a_column_is_refused(tmp_path):
    (tmp_path / "thin.png").write_bytes(saved(Image.new("L", (1, 100)), "PNG"))
    for function in (decoded, probe):
        with pytest.raises(InputError, match=r"thin\.png: has 1 × 100 pixels: not one column at height 32"):
            function(str(tmp_path / "thin.png"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "TIFF", "BMP", "WEBP"]), st.integers(0, 120))
@settings(deadline=None, max_examples=150)
def test_garbage_in_a_header_is_an_image_or_one_line(garbage, kind, at):
    data = bytearray(saved(Image.new("L", (30, 6), 255), kind))
    data[at : at + len(garbage)] = garbage
    told = "line.img: "
    try:
        with opened(bytes(data), "line.img") as image:
            assert columns(*image.size) > 0
    except InputError as error:
        told = str(error)
    assert told.startswith("line.img: ")
    assert "\n" not in told
