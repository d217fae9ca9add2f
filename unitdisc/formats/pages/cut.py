"""Lines cut out of a page: along the baseline, at right angles to it, and nothing of what is outside the polygon."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Mask
from unitdisc.errors import InputError
from unitdisc.formats.pages.line import PageLine
from unitdisc.formats.pages.page_image import Levels, PageImage

if TYPE_CHECKING:
    pass

most_samples = 4096  # points along a baseline, and along the edge of a polygon, that the cut is computed of
most_pixels = 20_000_000  # of a cut line: a larger one is a mistake or an attack
parallel = 0.04  # share of the height by which an edge that is parallel to the baseline goes up and down
rounding = 1 / 12  # mean square of what rounding to a whole number adds
most_astray = 2.0  # by which a smooth baseline may leave that of the file
half = 0.5  # pixels from the centre of a pixel, where its coordinates are, to its edge


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The strip that a line is cut from: ``points`` (S, 2) along its baseline and the directions ``up`` (S, 2) there.

    It goes from ``above`` the baseline to as much as ``below`` it; the points are evenly spaced over its ``length``.
    All are in the units of the page file.
    """

    points: Floats
    up: Floats
    above: float
    below: float
    length: float

    @property
    def height(self) -> float:
        """The height of the strip."""
        return self.above + self.below

    def at(self, shares: Floats) -> tuple[Floats, Floats]:
        """Return the points (T, 2) on the baseline at ``shares`` (T,) of the length, and the directions up there."""
        steps = np.linspace(0.0, 1.0, len(self.points))
        point, up = (
            np.stack([np.interp(shares, steps, of[:, axis]) for axis in (0, 1)], axis=1)
            for of in (self.points, self.up)
        )
        return point, up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-12)


def columns_on_page(line: PageLine, width: int) -> tuple[Floats, Floats]:
    """Return where the columns of a cut line lie on its page: their upper and lower ends, (``width``, 2) each.

    ``width`` is the number of columns of the line at height 32; the ends are those of the middle of each column, in
    units of the page file. Raises InputError for a line that cannot be cut; see ``strip``.
    """
    return places_on_page(line, (np.arange(width) + 0.5) / width)


def places_on_page(line: PageLine, shares: Floats) -> tuple[Floats, Floats]:
    """Return the upper and lower ends (T, 2) of the line at ``shares`` (T,) of its width, 0 its start and 1 its end.

    So ``numpy.arange(width + 1) / width`` are the edges of its columns.
    """
    cut = strip(line)
    point, up = cut.at(np.asarray(shares, dtype=np.float64))
    return point + cut.above * up, point - cut.below * up


def strip(line: PageLine) -> Strip:
    """Return the strip of a line that has a baseline and a polygon.

    It is as long as the baseline with the parts of the polygon before and after it, where it goes on straight, and so
    high that the polygon is inside. Directions up are averaged over the height of the strip, so that columns do not
    cross where the baseline bends. Raises InputError for a line without a baseline or a polygon.
    """
    if len(line.polygon) < 3 or len(line.baseline) < 2 or not np.ptp(line.baseline, axis=0).any():
        raise InputError(f"line {line.id!r} has no baseline or no polygon")
    edge = _spaced(np.concatenate([line.polygon, line.polygon[:1]]), most_samples)
    baseline = _smooth(line.baseline)
    height = float(np.ptp(_offsets(baseline, _up(baseline, 1), edge)))
    points = _extended(baseline, edge, height)
    length = _length(points)
    up = _up(points, int(np.ceil(height / max(length, 1.0) * len(points))))
    offsets = _offsets(points, up, edge)
    tolerance = parallel * height
    return Strip(points, up, _reach(offsets, tolerance), _reach(-offsets, tolerance), length)


def _reach(offsets: Floats, tolerance: float) -> float:
    """Return how far an edge is from the baseline: at most, or in the middle if it is parallel but for rounding."""
    farthest = float(offsets.max())
    near = offsets[offsets > 0.5 * farthest] if farthest > 0 else offsets[:0]
    if not len(near):
        return half
    middle = float(np.median(near))
    return max(middle if farthest - middle <= tolerance else farthest, 0.0) + half


def _length(points: Floats) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _spaced(points: Floats, most: int) -> Floats:
    """Return points about 1 apart along a polyline, evenly, its ends included; at least 2 and at most ``most``."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = int(np.clip(np.ceil(along[-1]) + 1, 2, most))
    at = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _smooth(baseline: Floats) -> Floats:
    """Return points about 1 apart along the smoothest curve through a baseline whose points were rounded.

    A cubic spline that is off the points by no more than rounding makes them; where it would leave the baseline, as at
    a corner, the baseline as it is.
    """
    from scipy.interpolate import UnivariateSpline

    straight = _spaced(baseline, most_samples)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(baseline, axis=0), axis=1))])
    if not 4 <= len(baseline) <= most_samples:
        return straight
    at = np.linspace(0.0, along[-1], len(straight))
    allowed = len(baseline) * rounding
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = np.stack([UnivariateSpline(along, baseline[:, axis], s=allowed)(at) for axis in (0, 1)], axis=1)
    near = bool(np.isfinite(curve).all()) and float(np.abs(curve - straight).max()) <= most_astray
    return curve if near else straight


def _extended(points: Floats, edge: Floats, height: float) -> Floats:
    """Return a baseline that goes on straight to the ends of the polygon, and half a pixel further."""
    spacing = _length(points) / (len(points) - 1)
    reach = int(np.clip(height / 2 / spacing, 2, len(points)))
    nearest, tolerance = _nearest(points, edge), parallel * height
    last = len(points) - 1
    ends = []
    for end, inner, from_end in ((0, reach - 1, nearest), (last, last - reach + 1, last - nearest)):
        outwards = _direction(points[end] - points[inner])
        beyond = (edge[from_end <= tolerance / spacing] - points[end]) @ outwards
        ends.append(points[end] + (_overhang(beyond, tolerance) + half) * outwards)
    return _spaced(np.stack([ends[0], *points, ends[1]]), most_samples)


def _overhang(beyond: Floats, tolerance: float) -> float:
    """Return how far a polygon goes on after a baseline: at most, or in the middle if it ends there but for rounding.

    ``beyond`` is how far the points of its edge are after the end of the baseline, or before it by the ``tolerance``.
    """
    if not len(beyond):
        return 0.0
    farthest = float(beyond.max())
    return farthest if farthest > tolerance else float(np.median(beyond))


def _direction(vector: Floats) -> Floats:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _nearest(points: Floats, others: Floats) -> NDArray[np.int64]:
    """Return the number of the point that is nearest to each of the others."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(points).query(others)[1], dtype=np.int64)


def _up(points: Floats, reach: int) -> Floats:
    """Return the directions up (S, 2) at points of a baseline, averaged over ``reach`` points."""
    from scipy.ndimage import uniform_filter1d

    along = uniform_filter1d(np.gradient(points, axis=0), max(1, min(reach, len(points))), axis=0, mode="nearest")
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    return np.stack([along[:, 1], -along[:, 0]], axis=1)


def _offsets(points: Floats, up: Floats, edge: Floats) -> Floats:
    """Return how far above the baseline each point of the polygon's edge is."""
    nearest = _nearest(points, edge)
    return np.asarray(((edge - points[nearest]) * up[nearest]).sum(axis=1))


def cut(page: PageImage, line: PageLine, source: str) -> Levels:
    """Return a line as grey levels (rows, columns), as large as on the page.

    Each column is what lies at right angles to the baseline, its upper end first, interpolated between pixels. What is
    outside of the polygon or of the page has the tone of the paper: the median of what is inside. Raises InputError
    naming ``source`` for a line that is off the page, or too large.
    """
    from scipy.ndimage import map_coordinates

    found, scale = strip(line), np.array(page.scale)
    rows, columns = size_of(found, page.scale, source)
    point, up = found.at((np.arange(columns) + 0.5) / columns)
    added = (rows - found.height * page.scale[1]) / 2  # at the top and at the bottom, for rows of a whole pixel
    height = found.above - (np.arange(rows) + 0.5 - added) / page.scale[1]
    places = (point[None] + height[:, None, None] * up[None]) * scale + (scale - 1) / 2  # (rows, columns, 2)
    low = np.maximum(np.floor(places.min(axis=(0, 1))).astype(int) - 1, 0)
    high = np.minimum(np.ceil(places.max(axis=(0, 1))).astype(int) + 2, page.levels.shape[::-1])
    pen = 1 + 2 * int(scale.max() / 2)
    inside = _inside(line.polygon * scale + (scale - 1) / 2 - low, pen, high - low, source)
    where = (places - low).transpose(2, 0, 1)[::-1]
    part = page.levels[low[1] : high[1], low[0] : high[0]]
    levels = map_coordinates(part, where, order=1, mode="nearest")
    kept = map_coordinates(inside.astype(np.uint8), where, order=0, mode="constant").astype(bool)
    if not kept.any():
        raise InputError("lies outside of its page", source)
    return np.where(kept, levels, np.uint8(np.median(levels[kept])))


def size_of(found: Strip, scale: tuple[float, float], source: str) -> tuple[int, int]:
    """Return rows and columns of the cut line, each a pixel; raises InputError naming ``source`` for too many."""
    rows = max(1, round(found.height * scale[1]))
    columns = max(1, round(found.length * scale[0]))
    if rows * columns > most_pixels:
        raise InputError(f"would be {columns} × {rows} pixels, too many for a text line", source)
    return rows, columns


def _inside(polygon: Floats, pen: int, size: NDArray[np.int64], source: str) -> Mask:
    """Return which pixels (H, W) of a part of a page are inside a polygon or on its edge, ``pen`` pixels wide."""
    from PIL import Image, ImageDraw

    if size.min() < 1:
        raise InputError("lies outside of its page", source)
    mask = Image.new("1", (int(size[0]), int(size[1])))
    corners, draw = [(float(x), float(y)) for x, y in polygon], ImageDraw.Draw(mask)
    draw.polygon(corners, fill=1, outline=1)
    if pen > 1:
        draw.line([*corners, corners[0]], fill=1, width=pen, joint="curve")
    return np.asarray(mask)
