"""What lines of a page lack, taken from what there is: a baseline from the polygon, a polygon from lines around."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unitdisc.arrays import Floats
from unitdisc.errors import InputError
from unitdisc.formats.pages.line import Page, PageLine, nowhere
from unitdisc.formats.pages.line_units import drawn_baseline

ascent, descent = 0.7, 0.3  # shares of the distance of two lines that a line has above and below its baseline
tall = 3.0  # times its width that a polygon without a baseline is high, to be taken for a line from top to bottom
bins = 16  # places along a polygon where its middle is measured
least_overlap = 0.2  # share of a baseline that another one must be above or below of


def completed(page: Page, where: str) -> Page:
    """Return a page whose lines all have a polygon and a baseline, inside of the page where its size is known.

    A line without a baseline gets the middle of its polygon, a curve of the second degree; a polygon that is three
    times as high as wide is a line from top to bottom. A line without a polygon gets one around its baseline, by the
    distance to the next baselines of the page. A baseline from right to left is turned where the polygon says that the
    line is upright. Lines for which this is not possible are faults.
    """
    lines, faults = [], dict(page.faults)
    tidy = [_as_before(_tidy(line, page), page.size) for line in page.lines]
    for line in tidy:
        try:
            lines.append(_upright(_completed(line, tidy)))
        except InputError as error:
            faults[line.id] = InputError(f"line {line.id!r} {error}", where, line.at)
    return replace(page, lines=tuple(lines), faults=faults)


def _tidy(line: PageLine, page: Page) -> PageLine:
    """Return a line cut at the edges of the page, without a polygon or baseline of no extent."""
    polygon, baseline = (_within(points, page.size) for points in (line.polygon, line.baseline))
    if len(polygon) < 3 or np.ptp(polygon, axis=0).min() <= 0:
        polygon = nowhere
    if len(baseline) < 2 or np.ptp(baseline, axis=0).max() <= 0:
        baseline = nowhere
    return replace(line, polygon=polygon, baseline=baseline)


def _as_before(line: PageLine, size: tuple[float, float]) -> PageLine:
    """Return a line without the baseline that was drawn for it when units were added."""
    if not (line.has_units and len(line.polygon) and len(line.baseline)):
        return line
    before = replace(line, baseline=middle(line.polygon))
    drawn = np.array(drawn_baseline(before, size), dtype=np.float64)
    return replace(line, baseline=nowhere) if np.array_equal(drawn, line.baseline) else line


def _within(points: Floats, size: tuple[float, float]) -> Floats:
    return np.clip(points, 0.0, np.array(size) - 1) if all(size) and len(points) else points


def _completed(line: PageLine, others: Sequence[PageLine]) -> PageLine:
    if len(line.baseline) and len(line.polygon):
        return line
    if len(line.polygon):
        return replace(line, baseline=middle(line.polygon))
    if not len(line.baseline):
        raise InputError("has neither a polygon nor a baseline on the page")
    distance = _distance(line.baseline, [other.baseline for other in others if other is not line])
    if distance is None:
        raise InputError("has no polygon, and no other baseline is near enough to say how high it is")
    along = line.baseline[-1] - line.baseline[0]
    up = np.array([along[1], -along[0]]) / max(float(np.linalg.norm(along)), 1e-12)
    upper, lower = line.baseline + ascent * distance * up, line.baseline - descent * distance * up
    return replace(line, polygon=np.concatenate([upper, lower[::-1]]))


def middle(polygon: Floats) -> Floats:
    """Return the middle of a polygon (N, 2) from its left to its right, or from top to bottom, as points (16, 2)."""
    width, height = np.ptp(polygon, axis=0) + 1
    along, across = (1, 0) if height > tall * width else (0, 1)
    closed = np.concatenate([polygon, polygon[:1]])
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, ends[-1], 64 * bins)
    edge = np.stack([np.interp(at, ends, closed[:, axis]) for axis in (0, 1)], axis=1)
    low, high = edge[:, along].min(), edge[:, along].max()
    place = np.clip(((edge[:, along] - low) / (high - low) * bins).astype(int), 0, bins - 1)
    centres = low + (np.arange(bins) + 0.5) / bins * (high - low)
    middles = np.array([_centre(edge[place == number, across]) for number in range(bins)])
    fitted = np.polynomial.Polynomial.fit(centres, middles, 2)
    places = np.linspace(low, high, bins)
    points = np.empty((bins, 2))
    points[:, along], points[:, across] = places, fitted(places)
    return points


def _centre(values: Floats) -> float:
    return float(values.min() + values.max()) / 2


def _distance(baseline: Floats, others: Sequence[Floats]) -> float | None:
    """Return the distance of a baseline to the nearest of the others that it is beside for a part of its length."""
    start, along = baseline[0], baseline[-1] - baseline[0]
    length = float(np.linalg.norm(along))
    if length <= 0:
        return None
    along = along / length
    up, middle_of = np.array([along[1], -along[0]]), baseline.mean(axis=0)
    found = []
    for other in others:
        places = (other - start) @ along if len(other) else np.array([np.inf])
        overlap = min(float(places.max()), length) - max(float(places.min()), 0.0)
        apart = abs(float(((other - middle_of) @ up).mean())) if len(other) else 0.0
        if overlap >= least_overlap * length and apart >= 2:
            found.append(apart)
    return min(found, default=None)


def _upright(line: PageLine) -> PageLine:
    """Turn a baseline from right to left around, unless most of the polygon is below it: such a line is upside down."""
    along = line.baseline[-1] - line.baseline[0]
    if along[0] >= 0 or abs(along[0]) < abs(along[1]):
        return line
    up = np.array([along[1], -along[0]])
    sides = (line.polygon - line.baseline.mean(axis=0)) @ up
    return replace(line, baseline=line.baseline[::-1]) if sides.max() < -sides.min() else line
