"""Images in rows: where they are, and which texts are left out."""

from xml.etree import ElementTree

import pytest

from unitdisc.report.drawing import gallery
from unitdisc.report.drawing.gallery import Cell, Row

svg = "{http://www.w3.org/2000/svg}"


def drawn(rows: list[Row], heads: list[str], shape: tuple[int, int]) -> ElementTree.Element:
    text = gallery.gallery(rows, heads, shape, about="a & b")
    return ElementTree.fromstring(text.replace("<svg ", f'<svg xmlns="{svg[1:-1]}" ', 1))


def test_pictures_stand_in_rows_and_columns() -> None:
    rows = [Row(title, [Cell(f"data:{title}{n}", f"<{n}>") for n in range(3)]) for title in "ab"]
    root = drawn(rows, ["x", "y", "z" * 99], (20, 40))
    places = [(image.get("href"), float(image.get("x")), float(image.get("y"))) for image in root.iter(f"{svg}image")]
    assert [name for name, _, _ in places] == [f"data:{title}{n}" for title in "ab" for n in range(3)]
    step = gallery.side + gallery.gap
    assert [x for _, x, _ in places] == [0, step, 2 * step] * 2
    assert len({y for _, _, y in places}) == 2
    width, height = (float(size) for size in root.get("viewBox").split()[2:])
    assert width == 3 * step - gallery.gap
    assert height == max(y for _, _, y in places) + gallery.side / 2  # a picture is half as high as wide
    heads = [text.text or text[0].tail for text in root.findall(f"{svg}text")]
    assert heads[2].endswith("…")
    assert [image.find(f"{svg}title").text for image in root.iter(f"{svg}image")][:3] == ["<0>", "<1>", "<2>"]


@pytest.mark.parametrize(("grid", "shown"), [((8, 8), True), ((16, 16), False), ((2, 3), True)])
def test_texts_stand_over_their_patches_where_they_can_be_read(grid: tuple[int, int], shown: bool) -> None:
    rows, columns = grid
    texts = [str(100 + n) for n in range(rows * columns)]
    root = drawn([Row("units", [Cell("data:", "", texts, grid)])], [""], (32, 32))
    found = [
        (each.text, float(each.get("x")), float(each.get("y")))
        for each in root.iter(f"{svg}text")
        if each.text in texts
    ]
    assert [text for text, _, _ in found] == (texts if shown else [])
    image = next(root.iter(f"{svg}image"))
    left, top, side = float(image.get("x")), float(image.get("y")), float(image.get("width"))
    for number, (_, x, y) in enumerate(found):
        assert int((x - left) / (side / columns)) == number % columns
        assert int((y - top) / (side / rows)) == number // columns


def test_without_a_picture_there_is_a_frame_and_without_rows_nothing() -> None:
    root = drawn([Row("a", [Cell("", "why")])], [""], (8, 8))
    assert not list(root.iter(f"{svg}image"))
    assert root.find(f"{svg}rect/{svg}title").text == "why"
    assert gallery.gallery([], ["a"], (8, 8), about="") == gallery.gallery([Row("a", [])], [], (8, 8), about="") == ""
