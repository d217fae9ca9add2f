"""Lines cut out of a page: along the baseline, at right angles to it, and nothing of what is outside the polygon."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats
from unitdisc.errors import InputError
from unitdisc.formats.pages.line import PageLine

if TYPE_CHECKING:
    pass

most_samples = 4096  # points along a baseline, and along the edge of a polygon, that the cut is computed of
most_pixels = 100_000_000  # of a cut line: a larger one is a mistake or an attack
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
    if len(line.baseline) < 2 or len(line.polygon) < 3:
        raise InputError(f"line {line.id!r} has no baseline or no polygon")
    edge = _spaced(np.concatenate([line.polygon, line.polygon[:1]]), most_samples)
    points = _extended(_spaced(line.baseline, most_samples), edge)
    length = _length(points)
    up = _up(points, 1)
    offsets = _offsets(points, up, edge)
    reach = int(np.ceil((offsets.max() - offsets.min()) / max(length, 1.0) * len(points)))
    up = _up(points, reach)
    offsets = _offsets(points, up, edge)
    above, below = max(float(offsets.max()), 0.0) + half, max(float(-offsets.min()), 0.0) + half
    return Strip(points, up, above, below, length)


def _length(points: Floats) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _spaced(points: Floats, most: int) -> Floats:
    """Return points about 1 apart along a polyline, evenly, its ends included; at least 2 and at most ``most``."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = int(np.clip(np.ceil(along[-1]) + 1, 2, most))
    at = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _extended(points: Floats, edge: Floats) -> Floats:
    """Return a baseline that goes on straight to the ends of the polygon, and half a pixel further."""
    nearest = _nearest(points, edge)
    reach = max(2, len(points) // 10)
    first, last = _direction(points[reach - 1] - points[0]), _direction(points[-1] - points[-reach])
    before = np.max((points[0] - edge[nearest == 0]) @ first, initial=0.0) + half
    after = np.max((edge[nearest == len(points) - 1] - points[-1]) @ last, initial=0.0) + half
    longer = np.concatenate([[points[0] - before * first], points, [points[-1] + after * last]])
    return _spaced(longer, most_samples)


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
