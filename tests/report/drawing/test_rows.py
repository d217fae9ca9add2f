"""Rows of marks: their order, their places on the axis, and what is not drawn."""

import re
from math import nan
from xml.etree import ElementTree

import pytest

from unitdisc.report.drawing import rows
from unitdisc.report.drawing.rows import Mark


def circles(drawn: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn)]


def test_a_row_for_each_name_and_a_mark_for_each_series() -> None:
    marks = [Mark("a", 10, "c1", "a on dev"), Mark("a", 20, "c0", "a on test"), Mark("b <", 30, "c0", "b on test")]
    drawn = rows.rows(marks, x="PER %")
    ElementTree.fromstring(drawn)
    assert re.findall(r'text-anchor="end">([^<]+)', drawn) == ["a", "b &lt;"]
    (ten, first), (twenty, second), (thirty, third) = circles(drawn)
    assert twenty - ten == pytest.approx(thirty - twenty, abs=0.2)
    assert first < second < third
    assert 'aria-label="PER % by model"' in drawn


def test_a_range_is_a_line_from_end_to_end() -> None:
    drawn = rows.rows([Mark("a", 15, "c0", "", low=10, high=20), Mark("b", 5, "c0", "", low=nan, high=nan)], x="x")
    ((start, end),) = re.findall(r'class="whisker c0" x1="([\d.]+)" x2="([\d.]+)"', drawn)
    assert float(start) + float(end) == pytest.approx(2 * circles(drawn)[0][0], abs=0.3)


def test_what_is_not_finite_has_no_row() -> None:
    assert rows.rows([Mark("a", nan, "c0", "")], x="x") == ""
    assert rows.rows([], x="x") == ""
    assert ">b<" not in rows.rows([Mark("a", 1, "c0", ""), Mark("b", nan, "c0", "")], x="x")


def test_a_long_name_is_cut() -> None:
    drawn = rows.rows([Mark("n" * 80, 1, "c0", "")], x="x")
    (name,) = re.findall(">(n+…)<", drawn)
    assert len(name) < 30
