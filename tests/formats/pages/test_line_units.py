"""Outlines of units: inside of their page, side by side, each with an area, and on the line wherever it goes."""

import numpy as np
import pytest

from tests.helpers.dialects import page_files, size
from unitdisc.formats.pages.cut import places_on_page
from unitdisc.formats.pages.line import PageLine
from unitdisc.formats.pages.line_units import LineUnits, box, drawn_baseline, outlines


def own_units(line: PageLine, edges=(0.0, 10.0, 10.5, 40.0, 300.0), width: float = 300.0) -> LineUnits:
    return LineUnits("u", line, np.arange(len(edges) - 1), np.array(edges), width)


def area(points) -> float:
    xs, ys = np.array(points, float).T
    return abs(float(xs @ np.roll(ys, -1) - ys @ np.roll(xs, -1))) / 2


@pytest.mark.parametrize("number", range(3))
def test_outlines_lie_where_the_columns_of_the_line_lie(number):
    line = page_files["eScriptorium"].lines()[number]
    own = own_units(line)
    whole, *each = outlines(own, size)
    upper, lower = places_on_page(line, own.edges / own.width)
    for outline, start, end in zip(each, range(4), range(1, 5), strict=True):
        corners = np.array([upper[start], upper[end], lower[end], lower[start]])
        assert abs(np.array(outline, float)[:, None] - corners).max(axis=2).min(axis=0).max() <= 1.6
        assert area(outline) > 0
    assert abs(area(whole) - sum(map(area, each))) < 0.02 * area(whole)


def test_an_outline_follows_a_curved_line():
    line = page_files["eScriptorium"].lines()[2]
    whole, outline = outlines(own_units(line, edges=(0.0, 300.0)), size)
    assert whole == outline
    middle = min(outline, key=lambda point: abs(point[0] - 320))
    assert middle[1] <= 265  # at the ends, the upper side is 25 pixels lower
    assert len(outline) > 60


@pytest.mark.parametrize("turn", [0, 30, 90, 135, 180, 270, 355])
@pytest.mark.parametrize("width", [300.0, 3000.0])
def test_every_outline_has_an_area_in_every_direction(turn, width):
    """A column may be a fraction of a pixel."""
    angle = np.deg2rad(turn)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    polygon = np.array([[-100, -20], [100, -20], [100, 20], [-100, 20]]) @ turned + 200
    line = PageLine("l", polygon, np.array([[-95, 10], [95, 10]]) @ turned + 200)
    for outline in outlines(own_units(line, np.arange(0, width + 1), width), (0, 0)):
        assert area(outline) > 0
        assert min(box(outline)[2:]) >= 1
        assert len(set(outline)) >= 3


def test_outlines_stay_on_the_page():
    polygon = np.array([[0, 0], [639, 0], [639, 399], [0, 399]], float)
    line = PageLine("l", polygon, np.array([[0, 398], [639, 398]], float))
    for outline in outlines(own_units(line), size):
        assert np.array(outline).min() >= 0
        assert (np.array(outline) < size).all()


def test_a_drawn_baseline_goes_along_the_line():
    for line in page_files["eScriptorium"].lines():
        drawn = np.array(drawn_baseline(line, size), float)
        at = np.interp(drawn[:, 0], *line.baseline.T)
        assert abs(drawn[:, 1] - at).max() < 20
        assert drawn[0, 0] < 60
        assert drawn[-1, 0] > 580
