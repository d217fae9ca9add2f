"""Cut lines against the lines that pages were made of, and the geometry against the page."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from unitdisc.corpora.samples.drawn_pages import draw_page
from unitdisc.errors import InputError
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.formats.line_images import columns, height
from unitdisc.formats.pages.cut import columns_on_page, cut, places_on_page, size_of, strip
from unitdisc.formats.pages.line import PageLine
from unitdisc.formats.pages.page_image import PageImage

handwriting = Handwriting(HandwritingSettings())


def page_line(polygon, baseline):
    return PageLine("l", np.array(polygon, dtype=float), np.array(baseline, dtype=float))


def box(left, top, right, bottom, foot):
    return page_line([(left, top), (right, top), (right, bottom), (left, bottom)], [(left, foot), (right, foot)])


@pytest.fixture(scope="module")
def made():
    """For each of a straight and a curved page: the features of its lines as they were drawn, and as they are cut."""
    found = []
    for page in (draw_page(lines=6), draw_page(lines=6, size=2, curve=12)):
        image = PageImage(page.image, (1.0, 1.0))
        own = [handwriting.compute(line.image) for line in page.lines]
        cuts = [handwriting.compute(cut(image, page_line(line.polygon, line.baseline), "")) for line in page.lines]
        found.append((own, cuts))
    return found


def agreeing(own, cuts, within=0):
    """For each line, which columns have the unit that the line itself has there, or within so many columns of it."""
    units = KMeans(16, n_init=1, random_state=0).fit(np.concatenate([*own]))
    for line, found in zip(own, cuts, strict=True):
        ours, theirs = units.predict(line), units.predict(found)
        at = np.clip((np.arange(len(found)) + 0.5) / len(found) * len(ours), 0, len(ours) - 1).astype(int)
        near = [np.clip(at + step, 0, len(ours) - 1) for step in range(-within, within + 1)]
        yield np.any([ours[each] == theirs for each in near], axis=0)


def test_a_straight_line_is_the_line_itself(made):
    own, cuts = made[0]
    for line, found in zip(own, cuts, strict=True):
        np.testing.assert_array_equal(line, found)


def test_units_of_cut_lines_are_those_of_the_lines(made):
    for page in made:
        assert np.concatenate(list(agreeing(*page))).mean() >= 0.95
    assert np.concatenate(list(agreeing(*made[1], within=1))).mean() >= 0.98


def test_lines_of_a_curved_page_have_their_length(made):
    own, cuts = made[1]
    assert all(abs(len(line) - len(found)) <= 1 for line, found in zip(own, cuts, strict=True))


def test_columns_on_the_page():
    line = box(10, 20, 109, 91, 70)
    tops, bottoms = columns_on_page(line, 44)
    assert tops.shape == bottoms.shape == (44, 2)
    np.testing.assert_allclose(tops[:, 1], 19.5)
    np.testing.assert_allclose(bottoms[:, 1], 91.5)
    np.testing.assert_allclose(tops[:, 0], 9.5 + (np.arange(44) + 0.5) / 44 * 100)
    edges, _ = places_on_page(line, np.array([0.0, 1.0]))
    np.testing.assert_allclose(edges, [[9.5, 19.5], [109.5, 19.5]])


@pytest.mark.parametrize(("x", "y"), [(400, 100), (120, 130), (700, 90)])
def test_a_spot_of_the_page_is_in_the_column_that_lies_there(x, y):
    """The inverse of the cut: a dot on a curved line comes out in the column whose ends are around it."""
    across = np.linspace(50, 800, 40)
    foot = 120 + 12 * np.sin(across / 120)
    line = page_line(
        [*zip(across, foot - 60, strict=True), *zip(across[::-1], foot[::-1] + 20, strict=True)],
        list(zip(across, foot, strict=True)),
    )
    levels = np.full((200, 900), 230, np.uint8)
    levels[y - 2 : y + 3, x - 2 : x + 3] = 10
    found = 230.0 - cut(PageImage(levels, (1.0, 1.0)), line, "")
    place = (found.sum(axis=0) @ (np.arange(found.shape[1]) + 0.5)) / found.sum() / found.shape[1]
    top, bottom = (ends[0] for ends in places_on_page(line, np.array([place])))
    share = ((np.array([x, y]) - top) @ (bottom - top)) / ((bottom - top) @ (bottom - top))
    assert np.linalg.norm(top + share * (bottom - top) - (x, y)) < 1.0
    row = (found.sum(axis=1) @ (np.arange(len(found)) + 0.5)) / found.sum() / len(found)
    assert row == pytest.approx(share, abs=0.02)


def test_what_is_outside_of_the_polygon_is_paper():
    levels = np.full((100, 200), 220, np.uint8)
    levels[::3] = 210
    levels[:30] = 0  # the line above, which the strip of the line reaches into at its right
    line = page_line([(0, 40), (100, 40), (100, 10), (199, 10), (199, 30), (150, 90), (0, 90)], [(0, 80), (199, 80)])
    found = cut(PageImage(levels, (1.0, 1.0)), line, "")
    assert found.shape == (81, 200)
    assert set(np.unique(found[:18, :99])) == {220}
    assert found[:18, 105:].min() == 0


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_gives_the_same_line(turns):
    page = draw_page(lines=1)
    (line,) = page.lines
    expected = cut(PageImage(page.image, (1.0, 1.0)), page_line(line.polygon, line.baseline), "")
    levels, rows, width = np.rot90(page.image, -turns), *page.image.shape

    def turned(points):
        points = np.array(points, dtype=float)
        for _, (high, _wide) in zip(range(turns), [(rows, width), (width, rows)] * 2, strict=False):
            points = np.stack([high - 1 - points[:, 1], points[:, 0]], axis=1)
        return points

    found = cut(
        PageImage(np.ascontiguousarray(levels), (1.0, 1.0)), page_line(turned(line.polygon), turned(line.baseline)), ""
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("excess", [-0.49, -0.2, 0.2, 0.49])
def test_a_height_that_is_no_whole_number_does_not_stretch_the_line(excess):
    """Pixels of the cut line are those of the page, so that rounding its height leaves its columns where they are."""
    levels = np.repeat(np.arange(200, dtype=np.uint8)[None], 100, 0)
    found = cut(PageImage(levels, (1.0, 1.0)), box(10, 40, 169, 49 + excess, 47), "")
    np.testing.assert_array_equal(found[len(found) // 2], np.arange(10, 170))


def test_a_scaled_page():
    levels = np.repeat(np.repeat(np.arange(200, dtype=np.uint8)[None].repeat(100, 0), 2, 0), 2, 1)
    found = cut(PageImage(levels, (2.0, 2.0)), box(10, 20, 109, 59, 50), "")
    assert found.shape == (80, 200)
    np.testing.assert_array_equal(found[0], np.arange(10, 110).repeat(2))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (page_line([], []), "has no baseline or no polygon"),
        (box(500, 500, 600, 600, 580), "lies outside of its page"),
        (box(0, 0, 9e6, 9e6, 5), "too many for a text line"),
    ],
)
def test_lines_that_cannot_be_cut(line, message):
    line = line if len(line.polygon) else PageLine("l", np.empty((0, 2)), np.empty((0, 2)))
    with pytest.raises(InputError, match=message):
        cut(PageImage(np.zeros((50, 50), np.uint8), (1.0, 1.0)), line, "page")


points = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=3, max_size=12)


@settings(deadline=None, max_examples=25)
@given(points, points)
def test_any_polygon_and_baseline_are_cut_or_refused(polygon, baseline):
    line, image = page_line(polygon, baseline), PageImage(np.full((200, 300), 200, np.uint8), (1.0, 1.0))
    try:
        found = cut(image, line, "page")
    except InputError:
        return
    rows, width = size_of(strip(line), (1.0, 1.0), "page")
    assert found.shape == (rows, width)
    assert set(np.unique(found)) == {200}
    tops, bottoms = columns_on_page(line, max(1, columns(width, rows)))
    assert np.isfinite(tops).all()
    assert np.isfinite(bottoms).all()
    assert height == 32
