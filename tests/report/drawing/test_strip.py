"""A stretch with its labels and units: where they lie, and which texts there is room for."""

import re
from xml.etree import ElementTree

import pytest

from unitdisc.report.drawing.strip import Box, strip, width


def drawn(labels: list[Box], units: list[Box]) -> str:
    made = strip("data:image/png;base64,AA==", 100.0, labels, units, height=64)
    ElementTree.fromstring(made)
    return made


def test_boxes_lie_where_they_are_in_the_stretch() -> None:
    made = drawn([Box(0, 25, "a"), Box(25, 100, "&")], [Box(50, 100, "7")])
    places = [
        (float(x), float(across))
        for x, across in re.findall(r'rect class="grid" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', made)
    ]
    assert places == [(0, width / 4), (width / 4, 3 * width / 4), (width / 2, width / 2)]
    assert re.findall(">([^<]+)</text>", made) == ["a", "&amp;", "7"]


def test_texts_without_room_are_left_out() -> None:
    made = drawn([Box(0, 1, "long")], [Box(0, 0.5, "4095"), Box(1, 3, "4095")])
    assert re.findall(">([^<]+)</text>", made) == ["4095"]
    (size,) = re.findall(r"font-size:([\d.]+)px", made)
    assert 5 <= float(size) <= 11


@pytest.mark.parametrize("labels", [[], [Box(0, 1, "a")]])
def test_the_picture_is_below_the_labels(labels: list[Box]) -> None:
    (top,) = re.findall(r'<image [^>]*y="(\d+)"', drawn(labels, []))
    assert (top == "0") == (not labels)


def test_without_a_picture_there_are_boxes() -> None:
    assert "<image" not in strip("", 10.0, [Box(0, 1, "a")], [], height=64)
