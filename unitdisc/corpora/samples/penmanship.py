"""Drawn handwriting: stroke fonts deformed into a writer's hand, and a line with its letters' exact boundaries.

The stroke fonts are those of Dr A. V. Hershey, from the package Hershey-Fonts. All deformations are applied to points,
before anything is drawn; the boundaries between letters are points too, so they move with the ink.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError

Points = NDArray[np.float64]  # (n, 2): x to the right, y downwards
Font = Literal["scripts", "scriptc", "timesi"]

rows = 72  # pixels; the height of a drawn line
margin = 12.0  # pixels left and right of the letters
reach = 3  # pixels; the farthest that the pen covers around a point of a stroke
x_top, baseline = 0.0, 9.0  # of the fonts' small letters, in font units
step = 0.35  # font units between two points of a stroke: about half a pixel once scaled
fonts: tuple[Font, ...] = ("scripts", "timesi", "scriptc")
narrowing = MappingProxyType({"scripts": 1.0, "timesi": 0.8, "scriptc": 1.0})  # timesi is a wide font


@dataclass(frozen=True, slots=True)
class Hand:
    """The hand of one writer; lengths are in pixels of the drawn line unless noted otherwise."""

    font: Font
    slant: float  # x per y
    scale: tuple[float, float]  # pixels per font unit, across and down
    spacing: float  # font units added after each letter
    pen: float  # radius
    nib: float  # share by which the pen is thinner along its edge
    nib_angle: float
    shape: float  # font units by which the writer's letters differ from the font's
    jitter: float  # font units by which two instances of a letter differ
    elastic: float  # how strongly the line is warped
    ink: float  # grey levels, 0 black and 255 white
    paper: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A drawn line: grey levels (72, width), and the x of each boundary between letters, (characters + 1,)."""

    image: NDArray[np.uint8]
    boundaries: NDArray[np.float64]


def hand(number: int, rng: np.random.Generator) -> Hand:
    """Sample the hand of writer ``number``, which decides the font; any eight consecutive writers differ in slant."""
    font = fonts[number % len(fonts)]
    size = rng.uniform(1.5, 1.75)
    return Hand(
        font=font,
        slant=0.42 * ((number * 3) % 8) / 7 - 0.12 + rng.uniform(-0.03, 0.03),
        scale=(size * narrowing[font] * rng.uniform(0.85, 1.15), size),
        spacing=rng.uniform(-0.6, 1.2),
        pen=rng.uniform(0.95, 1.8),
        nib=rng.uniform(0.1, 0.5),
        nib_angle=rng.uniform(0.5, 1.1),
        shape=rng.uniform(0.4, 0.7),
        jitter=rng.uniform(0.15, 0.3),
        elastic=rng.uniform(1.0, 1.8),
        ink=rng.uniform(20, 70),
        paper=rng.uniform(205, 240),
    )


class Pen:
    """A writer, with the letters of the font as this writer forms them."""

    def __init__(self, writer: Hand, rng: np.random.Generator) -> None:
        self.writer = writer
        self.letters = {
            character: _formed(glyph, writer.shape, rng) for character, glyph in sorted(_glyphs(writer.font).items())
        }

    def write(self, text: str, rng: np.random.Generator) -> Line:
        """Return ``text`` as a drawn line; raises KeyError for a character that the font lacks."""
        points, boundaries = self._strokes(text, rng)
        edges = np.column_stack([boundaries, np.full(len(boundaries), (x_top + baseline) / 2)])
        bend = _bend(self.writer, rng)
        points, edges = bend(points), bend(edges)
        left, right = min(points[:, 0].min(), edges[0, 0]), max(points[:, 0].max(), edges[-1, 0])
        width = int(np.ceil(right - left + 2 * margin))
        points += margin - left, _lift(points[:, 1])
        coverage = _inked(points, self._radii(points), width)
        image = _on_paper(coverage, self.writer, rng)
        return Line(image, edges[:, 0] + margin - left)

    def _strokes(self, text: str, rng: np.random.Generator) -> tuple[Points, NDArray[np.float64]]:
        """Return the points of the letters side by side and the boundaries between them, in font units."""
        placed, boundaries = [], [0.0]
        for character in text:
            points, advance = self.letters[character]
            advance = (advance + self.writer.spacing) * (1 + rng.uniform(-0.5, 0.5) * self.writer.jitter * 0.3)
            stretch = 1 + rng.normal(0, 0.08 * self.writer.jitter, 2)
            bent = points + self.writer.jitter * _wave(points, advance, rng)
            centred = (bent - (0, baseline)) * stretch + (boundaries[-1] + self.writer.spacing / 2, baseline)
            placed.append(centred)
            boundaries.append(boundaries[-1] + advance)
        return np.concatenate(placed), np.array(boundaries)

    def _radii(self, points: Points) -> NDArray[np.float64]:
        """Return the pen's radius at each point: a nib is widest across its edge."""
        along = np.gradient(points, axis=0)
        angle = np.arctan2(-along[:, 1], along[:, 0])
        return self.writer.pen * (1 - self.writer.nib * np.cos(angle - self.writer.nib_angle) ** 2)


def _glyphs(font: Font) -> dict[str, Any]:
    try:
        from HersheyFonts import HersheyFonts
    except ImportError:
        fix = "run pip install unitdisc[sample]"
        raise InputError("the handwriting sample needs the package Hershey-Fonts", fix=fix) from None
    loaded = HersheyFonts()
    loaded.load_default_font(font)
    return dict(loaded.all_glyphs)


def _formed(glyph: Any, shape: float, rng: np.random.Generator) -> tuple[Points, float]:
    """Return a glyph's points relative to its left side, smoothed and deformed as the writer does, and its advance."""
    strokes = [_smooth(np.array(stroke, dtype=np.float64)) for stroke in glyph.strokes]
    points = np.concatenate([*strokes, np.empty((0, 2))]) - (glyph.left_offset, 0)
    advance = float(glyph.char_width)
    return points + shape * _wave(points, advance, rng), advance


def _smooth(stroke: Points) -> Points:
    """Return points ``step`` apart on the Catmull-Rom curve through a stroke's points."""
    if len(stroke) < 2:
        return stroke
    ends = np.concatenate([stroke[:1], stroke, stroke[-1:]])
    count = np.maximum(2, np.ceil(np.linalg.norm(np.diff(stroke, axis=0), axis=1) / step)).astype(int)
    piece = np.repeat(np.arange(len(stroke) - 1), count)
    t = (np.concatenate([np.arange(n) / n for n in count]))[:, None]
    a, b, c, d = (ends[piece + k] for k in range(4))
    curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return np.concatenate([curve / 2, stroke[-1:]])


def _wave(points: Points, advance: float, rng: np.random.Generator) -> Points:
    """Return a smooth random displacement, zero at a letter's left and right so that joined letters stay joined."""
    phase = rng.uniform(0, 2 * np.pi, (2, 2))
    lean = rng.normal(0, 1, (2, 2))
    across = np.clip(points[:, :1] / advance, 0, 1)
    bowed = lean[0] * np.sin(0.30 * points[:, 1:] + phase[0]) + lean[1] * np.sin(np.pi * across + phase[1])
    moved: Points = np.sin(np.pi * across) * bowed
    return moved


def _bend(writer: Hand, rng: np.random.Generator) -> Callable[[Points], Points]:
    """Return the map from font units to pixels: slant, scale, a drifting baseline, an elastic warp."""
    waves = rng.uniform(0.5, 1.5, (6, 2)) * (1 / 120, 1 / 80)  # cycles per pixel
    phases = rng.uniform(0, 2 * np.pi, 6)
    sizes = rng.normal(0, writer.elastic / np.sqrt(3), (6, 2))
    tilt, top = rng.normal(0, 0.004), rows / 2 + rng.uniform(-3, 1)
    middle = (x_top + baseline) / 2

    def bend(points: Points) -> Points:
        x = (points[:, 0] - writer.slant * (points[:, 1] - middle)) * writer.scale[0]
        y = (points[:, 1] - middle) * writer.scale[1]
        warp = np.sin(2 * np.pi * (np.column_stack([x, y]) @ waves.T) + phases) @ sizes
        return np.column_stack([x, y + top + tilt * x]) + warp

    return bend


def _lift(y: NDArray[np.float64]) -> float:
    """Return how far the ink must move down to be within the image, or to exceed it equally at top and bottom."""
    low, high = reach - y.min(), rows - reach - y.max()
    return float((low + high) / 2 if low > high else np.clip(0, low, high))


def _inked(points: Points, radii: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return how much of each pixel (72, width) the pen covers: at each point a disc with a soft edge."""
    size = (rows + 2 * reach + 2, width + 2 * reach + 2)  # a margin around the image takes the ink outside it
    clipped = np.clip(points, 0, (width, rows)) + reach
    corner = np.floor(clipped).astype(np.int32)
    away = (corner - clipped + 0.5).astype(np.float32)
    dy, dx = (offset.ravel() for offset in np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.int32))
    distance = np.hypot(away[:, :1] + dx.astype(np.float32), away[:, 1:] + dy.astype(np.float32))  # (points, square)
    share = np.minimum(radii[:, None].astype(np.float32) + np.float32(0.5) - distance, 1)
    pixel = corner[:, 1:] * size[1] + corner[:, :1] + (dy * size[1] + dx)
    touched = share > 0
    coverage = np.zeros(size[0] * size[1], dtype=np.float32)
    np.maximum.at(coverage, pixel[touched], share[touched])
    return coverage.reshape(size)[reach : reach + rows, reach : reach + width].astype(np.float64)


def _on_paper(coverage: NDArray[np.float64], writer: Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the ink on shaded, grainy paper."""
    size = coverage.shape
    paper = writer.paper + 4 * _clouds(size, 48, rng) + 2 * _clouds(size, 6, rng) + rng.normal(0, 2, size)
    ink = writer.ink + 12 * _clouds(size, 24, rng)
    return np.clip(np.rint(paper + coverage * (ink - paper)), 0, 255).astype(np.uint8)


def _clouds(size: tuple[int, ...], grain: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return smooth noise (rows, width) whose spots are about ``grain`` pixels."""
    from PIL import Image

    coarse = rng.normal(0, 1, (size[0] // grain + 2, size[1] // grain + 2)).astype(np.float32)
    smooth = Image.fromarray(coarse).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float64)
