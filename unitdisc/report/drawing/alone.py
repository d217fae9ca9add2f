"""Plots as files of their own: with a title, a key, and the style of the page in its light colours."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files

size = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
namespace = "http://www.w3.org/2000/svg"
family = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif'
margin = 10
heading, wide_letter = 18, 8.0  # pixels of a line of the title, and of a letter in it
row, letter, swatch, gap = 17, 6.1, 24, 14  # of the key: its lines, a letter, the piece of colour, between two names


def alone(drawn: str, *, title: str = "", caption: str = "", models: Mapping[str, str] | None = None) -> str:
    """Return a plot as the text of an SVG file; ``models`` are the names of the key, each with its colour class."""
    width, height = _size(drawn)
    across = width - 2 * margin
    titles = textwrap.wrap(title, int(across / wide_letter)) if title else []
    top = margin / 2 + heading * len(titles)
    keys = list(_key(models or {}, top + height, across))
    bottom = keys[-1][1] + row if keys else top + height
    area = f'width="{width:g}" height="{bottom:g}"'
    parts = [
        f'<svg xmlns="{namespace}" {area} viewBox="0 0 {width:g} {bottom:g}" role="img">',
        f"<title>{escape(title)}</title>" if title else "",
        f"<desc>{escape(caption)}</desc>" if caption else "",
        f"<style>{style()}</style>",
        f'<rect class="sheet" {area}/>',
        *(
            f'<text class="heading" x="{margin}" y="{margin / 2 + heading * (line + 0.75):g}">{escape(text)}</text>'
            for line, text in enumerate(titles)
        ),
        re.sub("<svg ", f'<svg y="{top:g}" width="{width:g}" height="{height:g}" ', drawn, count=1),
        *(part for part, _ in keys),
    ]
    return "\n".join(part for part in parts if part) + "\n</svg>\n"


def style() -> str:
    """Return the style sheet of a plot with the page's light colours, none of them a variable."""
    templates = files("unitdisc.report") / "templates"
    sheet, colours = ((templates / name).read_text(encoding="utf-8") for name in ("plot.css", "colours.css"))
    light = dict(re.findall(r"--([\w-]+): ([^;]+);", colours.split("@media")[0]))
    own = f"""
svg {{ font-family: {family}; }}
.sheet {{ fill: var(--sheet); }}
.heading {{ font-size: 13px; font-weight: 600; fill: var(--ink); }}
.name {{ font-size: 11px; fill: var(--ink); }}
.swatch {{ stroke: currentColor; stroke-width: 3; }}
"""
    return re.sub(r"var\(--([\w-]+)\)", lambda found: light[found[1]], own + sheet)


def _size(drawn: str) -> tuple[float, float]:
    found = size.search(drawn)
    if not drawn.startswith("<svg ") or found is None:
        raise ValueError('a plot is an element <svg viewBox="0 0 WIDTH HEIGHT" …>')
    return float(found[1]), float(found[2])


def _key(models: Mapping[str, str], top: float, across: float) -> Iterator[tuple[str, float]]:
    """Yield each name of a key with its piece of colour, and the top of its line: a full line begins another."""
    x, y = float(margin), top
    for name, colour in models.items():
        needed = swatch + letter * len(name)
        if x > margin and x + needed > margin + across:
            x, y = float(margin), y + row
        line = f'<line class="swatch" x1="{x:g}" x2="{x + swatch - 6:g}" y1="{y + 8:g}" y2="{y + 8:g}"/>'
        text = f'<text class="name" x="{x + swatch:g}" y="{y + 12:g}">{escape(name)}</text>'
        yield f'<g class="{colour}">{line}{text}</g>', y
        x += needed + gap
