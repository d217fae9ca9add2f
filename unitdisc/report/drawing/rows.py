"""Values by name as inline SVG: a row for each name, a mark for each series with its range."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from unitdisc.report.drawing import svg

width, row, top, bottom = 360, 22, 8, 34
letter, most_left = 6.2, 170  # pixels of a letter of a name, and of the longest name
offset = 4.5  # of the marks of a row's series from each other


@dataclass(frozen=True, slots=True)
class Mark:
    """A value of a row with its range and a colour class; ``about`` is shown by a pointer."""

    row: str
    value: float
    colour: str
    about: str
    low: float = float("nan")
    high: float = float("nan")


def rows(marks: Sequence[Mark], *, x: str) -> str:
    """Draw marks on a common axis, a row for each name in the order of the marks; empty without a finite value."""
    marks = [mark for mark in marks if math.isfinite(mark.value)]
    if not marks:
        return ""
    names = list(dict.fromkeys(mark.row for mark in marks))
    left = min(max(map(len, names)) * letter + 12, most_left)
    values = [v for mark in marks for v in (mark.value, mark.low, mark.high) if math.isfinite(v)]
    across = svg.axis(values, left + 6, width - 14, "linear")
    height = top + row * len(names) + bottom
    parts = [f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(x)} by model">']
    for tick in across.ticks():
        at, foot = f"{across.pixel(tick):.1f}", height - bottom
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{top}" y2="{foot}"/>')
        parts.append(f'<text class="tick" x="{at}" y="{foot + 14}" text-anchor="middle">{svg.number(tick)}</text>')
    middle = (left + width) / 2
    parts.append(f'<text class="title" x="{middle:g}" y="{height - 4}" text-anchor="middle">{escape(x)}</text>')
    for number, name in enumerate(names):
        parts += _row(name, [mark for mark in marks if mark.row == name], left, top + row * (number + 0.5), across)
    return "".join(parts) + "</svg>"


def _row(name: str, marks: Sequence[Mark], left: float, y: float, across: svg.Axis) -> Iterator[str]:
    """Yield the name and the marks of a row in height ``y``, one mark below the other."""
    yield f'<text class="tick" x="{left:g}" y="{y:g}" dy="0.32em" text-anchor="end">{_short(name)}</text>'
    for number, mark in enumerate(marks):
        yield _drawn(mark, across, y + offset * (2 * number - len(marks) + 1))


def _short(name: str) -> str:
    most = int((most_left - 12) / letter)
    return escape(name if len(name) <= most else f"{name[: most - 1]}…")


def _drawn(mark: Mark, across: svg.Axis, y: float) -> str:
    drawn = ""
    if math.isfinite(mark.low + mark.high):
        ends = f'x1="{across.pixel(mark.low):.1f}" x2="{across.pixel(mark.high):.1f}"'
        drawn = f'<line class="whisker {mark.colour}" {ends} y1="{y:g}" y2="{y:g}"/>'
    about = f"<title>{escape(mark.about)}</title>"
    at = f'cx="{across.pixel(mark.value):.1f}" cy="{y:g}"'
    return f'{drawn}<circle class="dot {mark.colour}" {at} r="4">{about}</circle>'
