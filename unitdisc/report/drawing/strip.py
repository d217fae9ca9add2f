"""A stretch of an utterance as inline SVG: its picture with the labels above and the units below."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

width, row, tall = 900, 20, 32  # pixels of the whole, of the row of labels, and of that of units
letter, smallest = 6.5, 5.0  # pixels of a letter, and of the smallest that can be read


@dataclass(frozen=True, slots=True)
class Box:
    """A text from ``start`` to ``end``, in seconds or columns from the start of the stretch."""

    start: float
    end: float
    text: str


def strip(picture: str, length: float, labels: Sequence[Box], units: Sequence[Box], *, height: float) -> str:
    """Draw a stretch of ``length`` seconds or columns, whose ``picture`` is a data URI, ``height`` pixels high.

    Units are written upwards, as there is little room for each; a text that does not fit is left out.
    """
    pixels = width / length
    above = row if labels else 0
    whole = above + height + tall
    image = f'<image href="{escape(picture)}" x="0" y="{above}" width="{width}" height="{height:g}"'
    parts = [
        f'<svg class="plot" viewBox="0 0 {width} {whole:g}" style="max-width:none" role="img" aria-label="alignment">',
        *(_label(box, pixels) for box in labels),
        f'{image} preserveAspectRatio="none" style="image-rendering:pixelated"/>' if picture else "",
        *(_unit(box, pixels, above + height) for box in units),
    ]
    return "".join(parts) + "</svg>"


def _label(box: Box, pixels: float) -> str:
    x, across = box.start * pixels, (box.end - box.start) * pixels
    text = f'<text x="{x + across / 2:.1f}" y="14" text-anchor="middle">{escape(box.text)}</text>'
    return _frame(x, across, 0, row) + (text if letter * len(box.text) <= across else "")


def _unit(box: Box, pixels: float, top: float) -> str:
    x, across = box.start * pixels, (box.end - box.start) * pixels
    frame = _frame(x, across, top, tall)
    size = min(across - 1, 11.0, (tall - 2) / (0.6 * max(len(box.text), 1)))
    if size < smallest:
        return frame
    middle = f"{x + across / 2:.1f} {top + tall / 2:g}"
    place = f'transform="translate({middle}) rotate(-90)" text-anchor="middle" dy="0.35em"'
    return f'{frame}<text {place} style="font-size:{size:.1f}px">{escape(box.text)}</text>'


def _frame(x: float, across: float, top: float, height: float) -> str:
    return f'<rect class="grid" x="{x:.1f}" y="{top:g}" width="{across:.1f}" height="{height:g}" fill="none"/>'
