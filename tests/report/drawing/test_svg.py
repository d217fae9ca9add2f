"""Plots: axes that hold their values, lines that break, round numbers."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.report.drawing import svg

quick = settings(deadline=None, max_examples=30)


@quick
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.sampled_from([(0, 100), (100, 0)]))
def test_axis_holds_its_values(values: list[float], ends: tuple[int, int]) -> None:
    axis = svg.axis(values, *ends, "linear")
    assert all(-1e-6 <= axis.pixel(value) <= 100 + 1e-6 for value in values)
    assert all(-0.1 <= axis.pixel(tick) <= 100.1 for tick in axis.ticks())
    assert len(axis.ticks()) >= 2


@quick
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9))
def test_log_axis_holds_its_values(values: list[float]) -> None:
    axis = svg.axis(values, 0, 100, "log")
    assert all(-1e-6 <= axis.pixel(value) <= 100 + 1e-6 for value in values)
    assert all(-0.1 <= axis.pixel(tick) <= 100.1 for tick in axis.ticks())


def test_curves_break_at_what_is_not_a_number() -> None:
    line = svg.Line("<x>", [1, 2, 3, 4], [1.0, 2.0, float("nan"), 1.5], "c0", marks=[2])
    drawn = svg.lines([line], x="epoch", y="loss")
    path = re.search(r' d="([^"]*)"', drawn)
    assert path
    assert path[1].count("M") == 2
    assert drawn.count("<circle") == 1
    assert "&lt;x&gt;" in drawn
    assert svg.lines([svg.Line("", [1], [float("nan")], "c0")], x="", y="") == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.00075, "7.5e-4"), (0.25, "0.25"), (1500, "1,500"), (12, "12")]
)
def test_numbers_at_ticks(value: float, text: str) -> None:
    assert svg.number(value) == text
