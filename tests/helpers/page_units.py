"""Units added to hand-made page files."""

import numpy as np

from tests.helpers.dialects import PageFile, size
from unitdisc.formats.pages.alto_units import alto_additions
from unitdisc.formats.pages.insertion import placed
from unitdisc.formats.pages.line_units import LineUnits
from unitdisc.formats.pages.page_units import page_additions

units = ((3, 17, 3), (5, 5, 5, 5), (0, 6399, 6400, 65535))
meanings = tuple(f"l {unit}" for unit in range(65536))


def edges_of(number: int) -> np.ndarray:
    """The edges of the units of a line: each lasts some columns, the last one a bit of a column."""
    return np.append(np.arange(len(units[number])) * 30.0, len(units[number]) * 30.0 - 29.5)


def with_units(page: PageFile, labels: tuple[str, ...] = ()) -> bytes:
    """A page file with the units of all of its lines."""
    found = placed(page.text.encode(), "page.xml")
    write = alto_additions if found.root == "alto" else page_additions
    additions = []
    for number, line in enumerate(page.lines()):
        own = LineUnits(f"u;{number}\u00e9", line, np.array(units[number]), edges_of(number), 120.0, labels)
        additions += write(found, found.lines[number], own, size)
    return found.with_additions(additions)
