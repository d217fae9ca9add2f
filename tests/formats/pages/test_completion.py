"""Lines without a polygon or without a baseline, at the edge of the page, or drawn from right to left."""

import numpy as np
import pytest

from unitdisc.formats.pages.completion import completed, middle
from unitdisc.formats.pages.cut import strip
from unitdisc.formats.pages.line import Page, PageLine, nowhere


def done(*lines, size=(1000.0, 800.0)):
    return completed(Page("a.png", size, lines, {}), "a.xml")


def made(name, polygon=nowhere, baseline=nowhere):
    return PageLine(name, np.array(polygon, dtype=float).reshape(-1, 2), np.array(baseline, dtype=float).reshape(-1, 2))


box = [(10, 10), (900, 10), (900, 90), (10, 90)]


def test_a_line_with_both_is_left_alone():
    (line,) = done(made("a", box, [(10, 70), (900, 72)])).lines
    assert line.polygon.tolist() == [list(point) for point in box]
    assert line.baseline.tolist() == [[10, 70], [900, 72]]


def test_the_middle_of_a_polygon_is_its_baseline():
    (line,) = done(made("a", box)).lines
    np.testing.assert_allclose(line.baseline[:, 1], 50, atol=1e-6)
    np.testing.assert_allclose(line.baseline[[0, -1], 0], [10, 900])
    found = strip(line)
    assert (found.length, found.height) == (pytest.approx(891), pytest.approx(81))


def test_the_middle_follows_a_bent_polygon():
    x = np.linspace(0, 800, 30)
    y = 300 + 0.0002 * (x - 400) ** 2
    points = middle(np.concatenate([np.stack([x, y - 40], 1), np.stack([x, y + 40], 1)[::-1]]))
    np.testing.assert_allclose(points[:, 1], 300 + 0.0002 * (points[:, 0] - 400) ** 2, atol=1.5)


def test_a_tall_polygon_is_a_line_from_top_to_bottom():
    (line,) = done(made("a", [(10, 10), (50, 10), (50, 400), (10, 400)])).lines
    np.testing.assert_allclose(line.baseline[:, 0], 30, atol=1e-6)
    assert line.baseline[0, 1] < line.baseline[-1, 1]
    np.testing.assert_allclose(strip(line).up, np.tile([1.0, 0.0], (len(strip(line).up), 1)), atol=1e-9)


def test_a_baseline_alone_is_as_high_as_lines_are_apart():
    found = done(*(made(f"l{n}", baseline=[(10, 100 + 80 * n), (900, 100 + 80 * n)]) for n in range(3)))
    for n, line in enumerate(found.lines):
        assert [line.polygon[:, 1].min(), line.polygon[:, 1].max()] == [44 + 80 * n, 124 + 80 * n]
    assert not found.faults


def test_a_baseline_beside_another_says_nothing_of_its_height():
    found = done(made("a", baseline=[(10, 100), (400, 100)]), made("b", baseline=[(500, 130), (900, 130)]))
    assert "no other baseline is near enough" in str(found.faults["a"])


@pytest.mark.parametrize(
    ("polygon", "baseline"),
    [
        (nowhere, nowhere),
        ([(5, 5), (5, 5), (5, 5)], [(3, 3), (3, 3)]),
        ([(2000, 10), (2100, 10), (2100, 90)], [(2000, 60), (2100, 60)]),
    ],
)
def test_neither(polygon, baseline):
    found = done(made("a", polygon, baseline))
    assert not found.lines
    assert str(found.faults["a"]) == "a.xml:0: line 'a' has neither a polygon nor a baseline on the page"


def test_points_beyond_the_page_are_at_its_edge():
    (line,) = done(made("a", [(-50, 10), (5000, 10), (5000, 90), (-50, 90)], [(-50, 70), (5000, 70)])).lines
    assert line.polygon[:, 0].tolist() == [0, 999, 999, 0]


def test_a_baseline_from_right_to_left():
    upright, upside_down = [(900, 70), (10, 70)], [(900, 30), (10, 30)]
    assert done(made("a", box, upright)).lines[0].baseline[0, 0] == 10
    assert done(made("a", box, upside_down)).lines[0].baseline[0, 0] == 900
