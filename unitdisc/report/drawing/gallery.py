"""Images in rows that belong together, as inline SVG: each row with a title, a picture in each column, and a grid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

side, gap, line = 104, 8, 20  # pixels of an image's longer side, between two images, and of a line of text
letter, smallest, largest = 6.2, 5.0, 9.0  # pixels of a letter of 11 pixels; sizes of the letters in a cell
narrowest = 720  # pixels; on a smaller screen the rows are scrolled


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture as a data URI, empty if there is none; the texts of the ``grid`` (rows, columns) over it, row by row.

    ``about`` appears where a pointer rests on the picture.
    """

    picture: str
    about: str
    texts: Sequence[str] = ()
    grid: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """Pictures, one in each column."""

    title: str
    cells: Sequence[Cell]


def gallery(rows: Sequence[Row], heads: Sequence[str], shape: tuple[int, int], *, about: str) -> str:
    """Draw rows of pictures of ``shape`` (height, width) under the ``heads`` of the columns; "" without pictures."""
    if not rows or not heads:
        return ""
    scale = side / max(shape)
    height, width = shape[0] * scale, shape[1] * scale
    across = len(heads) * (width + gap) - gap
    parts = []
    top = float(line)
    for number, head in enumerate(heads):
        parts.append(_text(number * (width + gap) + width / 2, 14, head, width, "middle"))
    for row in rows:
        parts.append(f'<text x="0" y="{top + 14:g}">{escape(row.title)}</text>')
        top += line
        for number, cell in enumerate(row.cells):
            parts += _cell(cell, number * (width + gap), top, width, height)
        top += height + gap
    box = f'viewBox="0 0 {across:g} {top - gap:g}"'
    style = f'style="max-width:{across:g}px;min-width:{min(across, narrowest):g}px"'
    return f'<svg class="plot gallery" {box} {style} role="img" aria-label="{escape(about)}">{"".join(parts)}</svg>'


def _cell(cell: Cell, left: float, top: float, width: float, height: float) -> Iterator[str]:
    """Yield a picture and the texts over it, which are left out where they would be too small to be read."""
    place = f'x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"'
    if not cell.picture:
        yield f'<rect class="grid" {place} fill="none"><title>{escape(cell.about)}</title></rect>'
        return
    image = (
        f'<image href="{escape(cell.picture)}" {place} preserveAspectRatio="none" style="image-rendering:pixelated">'
    )
    yield f"{image}<title>{escape(cell.about)}</title></image>"
    rows, columns = cell.grid
    longest = max(3, *map(len, cell.texts)) if cell.texts else 3  # one size for the usual numbers
    size = min(height / rows - 2, (width / columns - 1) / (0.66 * longest), largest)
    if not cell.texts or size < smallest:
        return
    yield f'<g class="over" style="font-size:{size:.1f}px">'
    for number, text in enumerate(cell.texts):
        x = left + (number % columns + 0.5) * width / columns
        y = top + (number // columns + 0.5) * height / rows
        yield f'<text x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
    yield "</g>"


def _text(x: float, y: float, text: str, room: float, anchor: str) -> str:
    """Draw a text, cut to the room that it has."""
    most = max(int(room / letter), 1)
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"><title>{escape(text)}</title>{escape(shown)}</text>'
