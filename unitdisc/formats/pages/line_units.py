"""The units of a line of a page: their columns, and their outlines on the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from unitdisc.arrays import Floats, Ints
from unitdisc.formats.pages.cut import places_on_page
from unitdisc.formats.pages.line import PageLine
from unitdisc.formats.text import decimal

Outline = tuple[tuple[int, int], ...]
spacing = 8  # columns between the points of an outline along the line
least_width = 1.5  # of an outline, in units of the page: readers drop one without an area
mark = "unitdisc"  # what we add is known by it
text_share = 0.75  # of the height of a line, from its top, where a baseline is drawn for one that has none


@dataclass(frozen=True, slots=True, eq=False)
class LineUnits:
    """The ``units`` (R,) of a line, the ``edges`` (R + 1,) in columns between them, and the line on its page.

    ``width`` is that of the line in columns, and ``labels`` are what the units map to, none without a mapping.
    """

    utterance: str
    line: PageLine
    units: Ints
    edges: Floats
    width: float
    labels: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The units as numbers separated by spaces."""
        return " ".join(map(str, self.units.tolist()))

    @property
    def columns(self) -> str:
        """The edges as numbers separated by commas."""
        return ",".join(map(decimal, self.edges.tolist()))


def outlines(own: LineUnits, size: tuple[float, float]) -> list[Outline]:
    """Return the outline of each unit and, first, of all of them together, in whole units of a page of this size.

    An outline follows the baseline and is as high as the cut line.
    """
    stops = [_stops(start, end) for start, end in pairwise(own.edges.tolist())]
    along = np.concatenate([[0.0], *stops])
    upper, lower = places_on_page(own.line, np.clip(along / max(own.width, 1e-9), 0.0, 1.0))
    ends = np.cumsum([1, *map(len, stops)])
    each = [_outline(upper[first - 1 : last], lower[first - 1 : last], size) for first, last in pairwise(ends.tolist())]
    return [_outline(upper, lower, size), *each]


def _stops(start: float, end: float) -> Floats:
    """Return the columns after ``start``, up to ``end``, at which an outline has points."""
    count = max(1, int(np.ceil((end - start) / spacing)))
    return np.linspace(start, end, count + 1)[1:]


def _outline(upper: Floats, lower: Floats, size: tuple[float, float]) -> Outline:
    """Return the outline between upper and lower points (P, 2), clockwise from the upper left."""
    along = upper[-1] - upper[0]
    length = float(np.linalg.norm(along))
    if length < least_width:
        down = lower[0] - upper[0]
        forth = along / length if length > 0 else np.array([down[1], -down[0]]) / max(float(np.linalg.norm(down)), 1e-9)
        upper, lower = (np.stack([ends[0], ends[0] + least_width * forth]) for ends in (upper, lower))
    return _whole(np.concatenate([upper, lower[::-1]]), size)


def box(outline: Outline) -> tuple[int, int, int, int]:
    """Return the left and the upper edge, the width and the height of an outline, the last two at least 1."""
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(max(xs) - min(xs), 1), max(max(ys) - min(ys), 1)


def drawn_baseline(line: PageLine, size: tuple[float, float]) -> Outline:
    """Return a baseline for a line whose file has none, in whole units of its page."""
    upper, lower = places_on_page(line, np.linspace(0.0, 1.0, 9))
    return _whole(upper + text_share * (lower - upper), size)


def _whole(points: Floats, size: tuple[float, float]) -> Outline:
    """Return points (N, 2) rounded, inside of a page whose size is known, and none twice in a row."""
    points = np.floor(points + 0.5)
    if all(size):
        points = np.minimum(points, np.array(size) - 1)
    whole = np.maximum(points, 0).astype(int).tolist()
    return tuple((x, y) for number, (x, y) in enumerate(whole) if number == 0 or [x, y] != whole[number - 1])
