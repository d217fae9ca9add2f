"""Borders of line images: what surrounds the paper leaves no ink, and no letter is taken for a border."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.helpers.images import saved, strokes
from unitdisc.features.borders import without_borders
from unitdisc.features.handwriting import line_features
from unitdisc.formats.line_images import opened

tone, ink = 170, 40


def line(paper: int = tone, height: int = 96) -> Image.Image:
    """A line of text on grainy paper."""
    image = Image.new("L", (900 * height // 96, height), paper)
    font = ImageFont.load_default(height // 2)
    ImageDraw.Draw(image).text((height // 4, height // 5), "den scheepstocht na Groenland", fill=ink, font=font)
    grain = np.random.default_rng(0).normal(0, 5, (image.height, image.width))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def round_it(level: int, *sides: str, width: int = 13) -> Image.Image:
    """The line with a border at some sides, outside the letters."""
    image = line()
    wide, rows = image.size
    boxes = {
        "top": (0, 0, wide, width),
        "bottom": (0, rows - width, wide, rows),
        "left": (0, 0, width, rows),
        "right": (wide - width, 0, wide, rows),
    }
    for side in sides:
        image.paste(level, boxes[side])
    return image


def polygon(level: int) -> Image.Image:
    mask = Image.new("L", line().size, 0)
    ImageDraw.Draw(mask).polygon([(10, 8), (890, 14), (885, 90), (5, 80)], fill=255)
    return Image.composite(line(), Image.new("L", mask.size, level), mask)


def scanned(level: int, seed: int = 0) -> Image.Image:
    """The line on a scanner's glass, with the grain of its sensor."""
    grain = np.random.default_rng(seed).normal(0, 8, (150, 1000)) + level
    image = Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    image.paste(line(), (50, 27))
    return image


def framed(width: int, inset: int = 4) -> Image.Image:
    image = line()
    box = (inset, inset, image.width - inset - 1, image.height - inset - 1)
    ImageDraw.Draw(image).rectangle(box, outline=ink, width=width)
    return image


all_sides = ("top", "bottom", "left", "right")
borders = {
    "black all round": lambda: round_it(0, *all_sides),
    "white all round": lambda: round_it(255, *all_sides),
    "grey all round": lambda: round_it(90, *all_sides),
    "thin all round": lambda: round_it(0, *all_sides, width=3),
    "above and below": lambda: round_it(0, "top", "bottom"),
    "on three sides": lambda: round_it(0, "top", "left", "right"),
    "thick below": lambda: round_it(0, "bottom", width=18),
    "thick at the left": lambda: round_it(0, "left", width=40),
    "black polygon": lambda: polygon(0),
    "white polygon": lambda: polygon(255),
    "scanner": lambda: scanned(10),
    "white glass": lambda: scanned(250),
    "turned on black": lambda: line().rotate(2, expand=True, fillcolor=0),
    "turned on white": lambda: line().rotate(-3, expand=True, fillcolor=255),
    "frame": lambda: framed(3),
    "thin frame": lambda: framed(1),
}


def inked(image: Image.Image) -> float:
    """Return the ink of an image in whole rows of the line."""
    return float(line_features(image).sum() / 32)


@pytest.mark.parametrize("name", borders)
@pytest.mark.parametrize("change", [lambda image: image, ImageOps.invert, lambda image: image.convert("RGB")])
def test_a_border_is_paper_and_the_letters_stay(name, change):
    image = change(borders[name]())
    expected = inked(line()) * (line().height / image.height) ** 2  # letters are smaller in a larger image
    result = without_borders(image)
    assert result.size == image.size
    assert result.mode == image.mode
    assert inked(image) == pytest.approx(expected, rel=0.3)
    assert line_features(image)[:2, :3].max() < 0.3


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("height", [48, 96, 400])
def test_size_and_compression_make_no_difference(kind, height):
    image = round_it(5, *all_sides).resize((900 * height // 96, height))
    with opened(saved(image, kind), "x") as read:
        assert float(line_features(read).sum() / 32) == pytest.approx(inked(line()), rel=0.3)


def letters(text: str, height: int, stroke: int) -> Image.Image:
    """Text cut closely on all sides."""
    image = Image.new("L", (height * 3 * len(text), height * 3), 255)
    font = ImageFont.load_default(height)
    ImageDraw.Draw(image).text((height, height), text, fill=0, font=font, stroke_width=stroke)
    return image.crop(ImageOps.invert(image).getbbox())


@pytest.mark.parametrize(
    "text", ["H", "T", "E", "O", "D", "HEELLH", "lichamelijk", "EEE", "L", "i", "UN", "|", "====", "—"]
)
@pytest.mark.parametrize("stroke", [0, 3])
@pytest.mark.parametrize("change", [lambda image: image, ImageOps.invert])
def test_no_letter_is_a_border(text, stroke, change):
    image = change(letters(text, 60, stroke))
    assert without_borders(image) is image


def headline() -> Image.Image:
    """Stems that hang from a line at the top, as in Devanagari."""
    image = Image.new("L", (400, 64), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 399, 6), fill=0)
    for x in range(0, 400, 37):
        pen.rectangle((x, 0, x + 6, 63), fill=0)
    return image


def shaded(axis: int) -> Image.Image:
    levels = np.asarray(line()) * np.moveaxis(np.linspace(0.4, 1, line().size[1 - axis])[:, None], 0, axis)
    return Image.fromarray(levels.astype(np.uint8))


@pytest.mark.parametrize(
    "image",
    [
        line(),
        line(255),
        headline(),
        shaded(0),
        shaded(1),
        line().convert("1"),
        round_it(30, "top", width=5),
        Image.fromarray(((1 - strokes()) * 255).astype(np.uint8)),
        Image.new("L", (300, 64), 0),
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 300), dtype=np.uint8)),
    ],
    ids=["line", "white", "headline", "shade", "shade below", "dithered", "rule", "strokes", "plain", "noise"],
)
def test_what_has_no_border_is_returned_as_it_is(image):
    shown = image.convert("L")
    assert without_borders(shown) is shown


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (1, 300), (300, 1), (10_000, 3), (3, 10_000), (17, 40)])
@pytest.mark.parametrize("level", [0, 130, 255])
def test_any_size_is_looked_at(size, level):
    image = Image.new("RGB", size, (level,) * 3)
    assert without_borders(image) is image


def test_a_line_in_a_small_part_of_a_page_is_left():
    """What is not a line with its border is not made one."""
    page = Image.new("L", (1500, 400), 5)
    page.paste(line(), (300, 150))
    assert without_borders(page) is page
