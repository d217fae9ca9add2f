"""Pages made of drawn lines, with the place of each line known: straight ones, and others on which lines are waves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats
from unitdisc.corpora.samples.penmanship import Pen, hand, rows
from unitdisc.corpora.samples.phrases import compose

Levels = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]
left, top, pitch = 60, 50, 120  # pixels: where the lines of a page begin, and from one to the next
foot = 46  # the row of the baseline in a drawn line
period = 1100  # pixels from one wave to the next
step = 0.25  # pixels between points along a wave
spacing = 45  # pixels between points of an outline
turns = 4  # in which the point of a wave that is nearest to a pixel is found
beside = 8  # columns left and right of a line in which its wave may lie


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLine:
    """A line as it was drawn, (72, width); its text, and its polygon and baseline on the page, in whole pixels."""

    id: str
    text: str
    image: Levels
    polygon: Corners
    baseline: Corners


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPage:
    """The grey levels (H, W) of a page, and its lines in reading order."""

    image: Levels
    lines: list[DrawnLine]


def draw_page(*, curve: float = 0.0, lines: int = 8, seed: int = 0, size: int = 1, page: int = 0) -> DrawnPage:
    """Set lines by one writer, whose number is the ``seed``, on a page, ``size`` times as large as they are drawn.

    A writer may have several pages; ``curve`` is by how many pixels their baselines go up and down. There are specks
    between the lines, outside of every polygon. The same arguments give the same page.
    Raises InputError without the package Hershey-Fonts.
    """
    from PIL import Image

    rng = np.random.default_rng([seed, lines])
    pen = Pen(hand(seed, rng), rng)
    rng = np.random.default_rng([seed, lines, page]) if page else rng
    texts = [compose(rng) for _ in range(lines)]
    drawn = [pen.write(text, rng).image for text in texts]
    width = size * max(image.shape[1] for image in drawn) + 2 * left
    paper = np.median(np.concatenate([image.ravel() for image in drawn]))
    levels = np.clip(np.rint(paper + rng.normal(0, 2, (2 * top + lines * pitch * size, width))), 0, 255)
    levels[:: pitch // 2, ::7] = 30
    made = []
    for number, (text, image) in enumerate(zip(texts, drawn, strict=True)):
        at = top + number * pitch * size
        whole = Image.fromarray(image).resize((size * image.shape[1], size * rows), Image.Resampling.BICUBIC)
        line = _set(levels, np.asarray(whole), at, curve)
        made.append(replace(line, id=f"l{number + 1}", text=text, image=image))
    return DrawnPage(levels.astype(np.uint8), made)


def _set(page: Floats, image: Levels, at: int, curve: float) -> DrawnLine:
    """Write a line on a page along a wave: letters stand upright on it, and it is as long as the line."""
    high = len(image)
    foot_at = foot * high // rows
    along, wave, down = _wave(image.shape[1], at, foot_at, curve, period * high / rows)
    _paint(page, image, foot_at, along, wave, down)
    every = np.unique(np.append(np.arange(0, len(along), int(spacing / step)), len(along) - 1))
    upper, lower = wave[every] - foot_at * down[every], wave[every] + (high - 1 - foot_at) * down[every]
    return DrawnLine("", "", image, _whole([*upper, *lower[::-1]]), _whole([*wave[every[:-1:2]], wave[-1]]))


def _wave(width: int, at: int, foot_at: int, curve: float, length: float) -> tuple[Floats, Floats, Floats]:
    """Return how far along a line points (S,) are, and on the page their places and directions down, (S, 2) each."""
    along = np.arange(0, width - 1 + step, step)
    slope = curve * 2 * np.pi / length * np.cos(2 * np.pi * along / length + at)
    x = left + np.cumsum(np.cos(np.arctan(slope))) * step
    y = at + foot_at + np.cumsum(np.sin(np.arctan(slope))) * step
    x, y = x - (x[0] - left), y - y.mean() + at + foot_at - (np.round(y.mean()) - y.mean())
    return along, np.stack([x, y], 1), np.stack([-np.sin(np.arctan(slope)), np.cos(np.arctan(slope))], 1)


def _paint(page: Floats, image: Levels, foot_at: int, along: Floats, wave: Floats, down: Floats) -> None:
    """Give the pixels of a page around a wave the levels that the line has there."""
    from scipy.ndimage import map_coordinates

    y, edge = wave[:, 1], 10
    low, high = int(y.min()) - foot_at - edge, int(y.max()) + len(image) - foot_at + edge
    places = slice(low, high), slice(left - beside, left + image.shape[1] + beside)
    rows_of, columns_of = np.mgrid[places]
    pixels = np.stack([columns_of, rows_of], 2).reshape(-1, 2)
    guess = (pixels[:, 0] - left) / step
    for _ in range(turns):
        nearest = np.clip(np.rint(guess), 0, len(along) - 1).astype(int)
        away = pixels - wave[nearest]
        ahead = (away * np.stack([down[nearest][:, 1], -down[nearest][:, 0]], 1)).sum(1)
        guess = nearest + ahead / step
    where = [(away * down[nearest]).sum(1) + foot_at, along[nearest] + ahead]
    levels = map_coordinates(image.astype(float), where, order=1, cval=-1).reshape(rows_of.shape)
    part = page[places]
    part[levels >= 0] = np.rint(levels[levels >= 0])


def _whole(points: Sequence[Floats]) -> Corners:
    """Return points as tools write them, in whole pixels."""
    return tuple((round(float(x)), round(float(y))) for x, y in points)
