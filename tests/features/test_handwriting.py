"""Columns of line images: whatever the size, the colours and the polarity, ink is 1 on paper 0."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from tests.helpers.images import saved
from tests.helpers.places import shared
from unitdisc.errors import InputError
from unitdisc.features.handwriting import Handwriting, HandwritingSettings, line_features, read_line
from unitdisc.features.straightening import straightened
from unitdisc.formats import line_images
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.line_images import probe

unipen = shared / "data" / "unipen" / "scribblelens.corpus.v1.2.zip"


def line(width: int = 300, height: int = 64, paper: int = 255, ink: int = 0) -> Image.Image:
    """Draw strokes of a 4 % pen on plain paper."""
    image = Image.new("L", (width, height), paper)
    pen = ImageDraw.Draw(image)
    for x in range(height // 2, width - height // 2, height):
        pen.line((x, height // 4, x + height // 4, 3 * height // 4), fill=ink, width=max(1, height // 12))
    return image


def test_strokes_stand_where_they_were_drawn():
    image = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(image).rectangle((16, 40, 23, 63), fill=0)
    features = line_features(image)
    assert features.shape == (32, 32)
    assert features.dtype == np.float32
    assert features[9:11, 22:31].min() > 0.95
    assert features[:6].max() == features[14:].max() == features[:, :18].max() == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(1, 200))
def test_the_shape_is_that_of_the_format_for_any_size(width, height):
    columns = int(0.5 + 32 / height * width)
    image = Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width), dtype=np.uint8))
    if columns:
        features = line_features(image)
        assert features.shape == (columns, 32)
        assert np.isfinite(features).all()
        assert features.min() >= 0
        assert features.max() <= 1


@pytest.mark.parametrize("size", [(28, 3), (900, 96), (10_000, 1067)])
def test_the_letters_are_where_they_are_at_any_size(size):
    image = line(900, 96, paper=200, ink=20)
    found, expected = (line_features(each) for each in (image.resize(size, Image.Resampling.BOX), image))
    assert abs(len(found) - len(expected)) <= 2
    written = [features[:298].max(axis=1) for features in (found, expected)]
    assert np.corrcoef(*written)[0, 1] > (0.55 if size[1] == 3 else 0.99)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(100, 255), st.integers(0, 70))
def test_polarity_makes_no_difference(seed, paper, ink):
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 4, (64, 300))
    grey = np.clip(np.asarray(line(paper=paper, ink=min(ink, paper - 80)), dtype=float) + grain, 0, 255).astype(
        np.uint8
    )
    upright = line_features(Image.fromarray(grey))
    inverted = line_features(Image.fromarray(255 - grey))
    np.testing.assert_allclose(upright, inverted, atol=0.03)  # bicubic resampling rounds to whole levels
    assert upright.mean() < 0.3
    assert upright.max() > 0.5


@pytest.mark.parametrize("paper", [255, 200, 150])
def test_the_tone_of_the_page_makes_no_difference(paper):
    plain = line_features(line())
    toned = line_features(line(paper=paper, ink=40))
    np.testing.assert_allclose(toned, plain, atol=0.03)  # clipping hides where the resampling of 0 and 255 overshoots


def test_a_bilevel_line_is_only_turned_to_ink():
    image = line(height=32)
    np.testing.assert_array_equal(line_features(image).T, 1 - np.asarray(image) / 255)
    np.testing.assert_array_equal(line_features(image.convert("1")), line_features(image))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_every_mode_gives_the_same_ink(mode):
    grey = line()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode in ("LA", "P", "1", "I", "F"):
        image = grey.convert(mode)
    else:
        image = grey.convert("RGB").convert(mode)
    np.testing.assert_allclose(line_features(image), line_features(grey), atol=0.02)


def test_colours_become_ink_by_their_lightness():
    image = Image.new("RGB", (64, 64), (240, 220, 180))
    ImageDraw.Draw(image).rectangle((30, 10, 37, 50), fill=(90, 40, 20))
    features = line_features(image)
    assert features[16:18, 10:20].min() > 0.95
    assert features[:12].max() < 0.02


def test_a_transparent_ground_is_paper():
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((30, 10, 37, 50), fill=(0, 0, 0, 255))
    features = line_features(image)
    assert features[16:18, 10:20].min() > 0.95
    assert features[:12].max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "F"])
@pytest.mark.parametrize("level", [0, 1, 255])
def test_a_constant_image_holds_no_ink(mode, level):
    assert not line_features(Image.new("L", (50, 40), level).convert(mode)).any()


def test_the_grain_of_empty_paper_stays_faint():
    grain = np.random.default_rng(0).normal(220, 4, (64, 300)).clip(0, 255).astype(np.uint8)
    assert line_features(Image.fromarray(grain)).max() < 0.25


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_line_is_read_from_a_file_and_from_a_zip(tmp_path):
    data = saved(line(), "PNG")
    (tmp_path / "line.png").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "lines.zip", "w") as archive:
        archive.writestr("nl/line1.png", data)
    inside = f"{tmp_path}/lines.zip#nl/line1.png"
    expected = line_features(line())
    np.testing.assert_array_equal(read_line(str(tmp_path / "line.png")), expected)
    np.testing.assert_array_equal(read_line(inside), expected)
    with OpenSources() as sources:
        np.testing.assert_array_equal(read_line(inside, sources), expected)
        assert probe(inside, sources) == probe(inside) == (150, None)
        assert len(expected) == 150
    assert probe(str(tmp_path / "line.png")) == (150, None)


def test_lines_are_straightened_unless_the_settings_say_otherwise(tmp_path):
    path = str(tmp_path / "line.png")
    line().save(path)
    plain = read_line(path)
    for straighten, expected in ((False, plain), (True, straightened(plain))):
        (found,) = Handwriting(HandwritingSettings(straighten=straighten)).read([path])
        np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(plain, straightened(plain))


def test_the_level_of_a_column_is_its_darkest_ink_or_that_of_a_neighbour():
    columns = np.random.default_rng(0).random((9, 32), dtype=np.float32)
    found = Handwriting(HandwritingSettings()).level(columns)
    assert found.shape == (9,)
    for t, level in enumerate(found):
        assert level == columns[max(t - 1, 0) : t + 2].max()
    assert Handwriting(HandwritingSettings(activity=0.2)).threshold(found) == 0.2
    assert Handwriting(HandwritingSettings()).level(columns[:1]) == columns[0].max()


def test_a_line_whose_pixels_end_early_is_told_by_its_name(tmp_path):
    data = saved(line(), "PNG")
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cut\.png: cannot be read as an image"):
        read_line(str(tmp_path / "cut.png"))


@pytest.mark.skipif(not unipen.exists(), reason="needs the UNIPEN lines beside the repository")
def test_real_lines_are_mostly_paper_and_hold_ink():
    with zipfile.ZipFile(unipen) as archive:
        members = [name for name in archive.namelist() if name.endswith(".jpg")][::60]
        upright = [Image.open(io.BytesIO(archive.read(name))) for name in members]
    with OpenSources() as sources:
        lines = [read_line(f"{unipen}#{name}", sources) for name in members]
    for image, features in zip(upright, lines, strict=True):
        assert features.shape == (line_images.columns(*image.size), 32)
        assert np.median(features) < 0.02
        assert features.max() > 0.5
        np.testing.assert_allclose(line_features(ImageOps.invert(image)), features, atol=0.03)
