"""Line charts and scatter plots as inline SVG; every colour is a class that the style sheet fills in, light or dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Literal

import numpy as np

Scale = Literal["linear", "log"]
Shape = Literal["circle", "diamond"]
Dash = Literal["", "dashed", "dotted"]

width, height = 360, 240
left, right, top, bottom = 46, 12, 12, 34


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y); nan breaks it. ``colour`` is a class, ``marks`` are values of x to mark.

    ``low`` and ``high`` are the ends of a band around it, at every x or at none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    dashed: Dash = ""
    marks: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A point with a name, and the interval of its height where it has one."""

    name: str
    x: float
    y: float
    colour: str
    shape: Shape = "circle"
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values laid on pixels ``first`` to ``last``."""

    low: float
    high: float
    first: float
    last: float
    scale: Scale
    whole: bool = False  # ticks are whole numbers

    def pixel(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high, scaled = (_log(v) if self.scale == "log" else v for v in (self.low, self.high, value))
        return self.first + (scaled - low) / (high - low) * (self.last - self.first)

    def ticks(self) -> list[float]:
        """Return round values to label: 1, 2 or 5 times a power of ten on a log scale that has room for them."""
        ticks = self._powers() if self.scale == "log" else []
        if len(ticks) < 3:
            step = _step((self.high - self.low) / 4)
            step = max(math.floor(step), 1) if self.whole else step
            multiples = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
            ticks = [step * multiple for multiple in multiples]
        return ticks

    def _powers(self) -> list[float]:
        powers = range(math.floor(_log(self.low)), math.ceil(_log(self.high)) + 1)
        steps = (1, 2, 5) if self.high / self.low < 300 else (1,)
        values = [step * 10.0**power for power in powers for step in steps]
        return [value for value in values if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)]


def lines(
    curves: Sequence[Line],
    *,
    x: str,
    y: str,
    scale: Scale = "linear",
    zero: Literal["", "zero"] = "",
    across: Scale | Literal["epochs"] = "epochs",
) -> str:
    """Draw curves over a common axis ``across``; empty if there is no finite value to draw."""
    xs = [v for curve in curves for v in curve.x if math.isfinite(v)]
    heights = (v for curve in curves for v in (*curve.y, *curve.low, *curve.high))
    ys = [v for v in heights if math.isfinite(v) and (scale == "linear" or v > 0)]
    if not xs or not ys:
        return ""
    level = axis(xs, left, width - right, "linear" if across == "epochs" else across, pad=0)
    level = replace(level, whole=across == "epochs")
    up = axis([*ys, 0.0] if zero else ys, height - bottom, top, scale)
    body = [_band(curve, level, up) for curve in curves] + [_curve(curve, level, up) for curve in curves]
    return _figure("".join(body), level, up, x, y)


def points(
    dots: Sequence[Point],
    levels: Sequence[tuple[str, float]],
    *,
    x: str,
    y: str,
    scale: Scale,
    room: Sequence[Point] = (),
    whole: Literal["", "whole"] = "",
) -> str:
    """Draw points with their intervals, and horizontal ``levels`` (name, height); empty if there are no points.

    The axes also have room for the points of ``room``, so that several plots can be compared. With ``whole``, values
    of x are whole numbers.
    """
    dots = _drawable(dots, scale)
    if not dots:
        return ""
    within = [*dots, *_drawable(room, scale)]
    across = replace(axis([dot.x for dot in within], left, width - right, scale, pad=0.12), whole=bool(whole))
    ends = [v for dot in within for v in (dot.y, dot.low, dot.high) if math.isfinite(v)]
    up = axis([*ends, *(level for _, level in levels)], height - bottom, top, "linear")
    body = "".join(_level(name, level, up) for name, level in levels)
    return _figure(body + "".join(_dot(dot, across, up) for dot in dots), across, up, x, y)


def _drawable(dots: Sequence[Point], scale: Scale) -> list[Point]:
    return [dot for dot in dots if math.isfinite(dot.x + dot.y) and (scale == "linear" or dot.x > 0)]


def axis(values: Sequence[float], first: float, last: float, scale: Scale, *, pad: float = 0.06) -> Axis:
    """Return an axis that holds the finite values with room of ``pad`` times their range on either side."""
    low, high = min(values), max(values)
    if scale == "log":
        room = max((high / low) ** pad, 1.05) if pad else 1.0
        low, high = low / room, high * room
    else:
        room = (high - low) * pad
        low, high = low - (room if low else 0), high + room
    if high <= low:
        low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    return Axis(low, high, first, last, scale)


def number(value: float) -> str:
    """Write the number at a tick."""
    if 0 < abs(value) < 0.01:
        mantissa, _, power = f"{value:.3e}".partition("e")
        return f"{float(mantissa):g}e{int(power)}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _figure(body: str, across: Axis, up: Axis, x: str, y: str) -> str:
    parts = [f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(y)} by {escape(x)}">']
    for value in up.ticks():
        at = _p(up.pixel(value))
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="tick" x="{left - 5}" y="{at}" dy="0.32em" text-anchor="end">{number(value)}</text>')
    for value in across.ticks():
        at = _p(across.pixel(value))
        parts.append(
            f'<text class="tick" x="{at}" y="{height - bottom + 14}" text-anchor="middle">{number(value)}</text>'
        )
    parts.append(f'<line class="axis" x1="{left}" x2="{width - right}" y1="{height - bottom}" y2="{height - bottom}"/>')
    parts.append(
        f'<text class="title" x="{(left + width - right) / 2}" y="{height - 4}" text-anchor="middle">{escape(x)}</text>'
    )
    return "".join(parts) + body + "</svg>"


def _band(curve: Line, across: Axis, up: Axis) -> str:
    """Draw the band around a curve, a piece for each stretch without a break; empty if it has no width."""
    pieces: list[list[tuple[float, float, float]]] = [[]]
    for px, low, high in zip(curve.x if curve.low else (), curve.low, curve.high, strict=True):
        if math.isfinite(low + high) and (up.scale == "linear" or low > 0):
            pieces[-1].append((across.pixel(px), up.pixel(low), up.pixel(high)))
        elif pieces[-1]:
            pieces.append([])
    lower = [[f"{_p(px)} {_p(low)}" for px, low, _ in piece] for piece in pieces]
    upper = [[f"{_p(px)} {_p(high)}" for px, _, high in reversed(piece)] for piece in pieces]
    path = "".join(f"M{'L'.join(a + b)}Z" for a, b in zip(lower, upper, strict=True) if len(a) > 1)
    return f'<path class="band {curve.colour}" d="{path}"/>' if path else ""


def _curve(curve: Line, across: Axis, up: Axis) -> str:
    usable = [math.isfinite(v) and (up.scale == "linear" or v > 0) for v in curve.y]
    pixels = [
        (across.pixel(px), up.pixel(py)) if use else None for px, py, use in zip(curve.x, curve.y, usable, strict=True)
    ]
    path, pen = [], "M"
    for pixel in pixels:
        path.append(f"{pen}{_p(pixel[0])} {_p(pixel[1])}" if pixel else "")
        pen = "L" if pixel else "M"
    style = f"curve {curve.colour} {curve.dashed}".strip()
    drawn = f'<path class="{style}" d="{"".join(path)}"><title>{escape(curve.name)}</title></path>'
    marks = {value: pixel for value, pixel in zip(curve.x, pixels, strict=True) if pixel}
    for value in curve.marks:
        if value in marks:
            drawn += (
                f'<circle class="mark {curve.colour}" cx="{_p(marks[value][0])}" cy="{_p(marks[value][1])}" r="3"/>'
            )
    return drawn


def _dot(dot: Point, across: Axis, up: Axis) -> str:
    x, y = across.pixel(dot.x), up.pixel(dot.y)
    drawn = ""
    if math.isfinite(dot.low + dot.high):
        ends = f'y1="{_p(up.pixel(dot.low))}" y2="{_p(up.pixel(dot.high))}"'
        drawn += f'<line class="whisker {dot.colour}" x1="{_p(x)}" x2="{_p(x)}" {ends}/>'
    name = f"<title>{escape(dot.name)}</title>"
    if dot.shape == "circle":
        return drawn + f'<circle class="dot {dot.colour}" cx="{_p(x)}" cy="{_p(y)}" r="5">{name}</circle>'
    corners = " ".join(f"{_p(x + dx)},{_p(y + dy)}" for dx, dy in ((0, -6.5), (6.5, 0), (0, 6.5), (-6.5, 0)))
    return drawn + f'<polygon class="dot {dot.colour}" points="{corners}">{name}</polygon>'


def _level(name: str, level: float, up: Axis) -> str:
    at = up.pixel(level)
    line = f'<line class="level" x1="{left}" x2="{width - right}" y1="{_p(at)}" y2="{_p(at)}"/>'
    return line + f'<text class="tick" x="{left + 3}" y="{_p(at - 4)}">{escape(name)}</text>'


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return float(min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda step: abs(np.log(step / rough))))


def _log(value: float) -> float:
    return math.log10(value)


def _p(pixel: float) -> str:
    return f"{pixel:.1f}"
