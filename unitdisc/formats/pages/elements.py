"""What PAGE and ALTO share: their lines in the tree, reading order, numbers, and points."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from unitdisc.arrays import Floats
from unitdisc.errors import InputError
from unitdisc.formats.pages.line import PageLine, nowhere
from unitdisc.formats.xml_element import Element

number = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
between = re.compile(r"[\s,;()]*")  # numbers of points, as ALTO does not say
most_points = 100_000  # of a line
farthest = 1e7  # a coordinate: no image has as many pixels a side
writers = frozenset({"writer", "scribe", "author", "hand"})  # what names in metadata say who wrote a page


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A TextLine element, with the elements around it from the outermost below the page, and its number."""

    element: Element
    around: tuple[Element, ...]
    number: int

    def id(self, attribute: str) -> str:
        """Return the id of the line, or a name by its number."""
        return self.element.attributes.get(attribute, "").strip() or f"line{self.number + 1}"


def descend(top: Element) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Yield every element below ``top`` in the order of the document, with those around it; of any depth."""
    waiting: list[tuple[Element, tuple[Element, ...]]] = [(child, ()) for child in reversed(top.children)]
    while waiting:
        element, around = waiting.pop()
        yield element, around
        inner = (*around, element)[-most_depth:]
        waiting.extend((child, inner) for child in reversed(element.children))


most_depth = 50  # elements around one that count: regions are nested a few times at most


def text_lines(page: Element) -> list[Placed]:
    """Return the lines of a page, wherever they are in it, in the order of the document."""
    found = [(element, around) for element, around in descend(page) if element.tag == "TextLine"]
    return [Placed(element, around, number) for number, (element, around) in enumerate(found)]


def in_reading_order(
    lines: Mapping[int, PageLine], placed: Sequence[Placed], listed: Sequence[str], attribute: str
) -> tuple[PageLine, ...]:
    """Return lines, by their numbers, in reading order.

    That is the order of the ids that are ``listed`` for lines or for what is around them, the innermost before all;
    what is not listed comes last. Under one of these, it is the order that the attribute ``custom`` gives, as
    Transkribus writes it, and otherwise that of the document.
    """
    place = {name: at for at, name in reversed(list(enumerate(listed)))}
    first_seen = dict[int, int]()
    for line in placed:
        for each in (*line.around, line.element):
            first_seen.setdefault(id(each), len(first_seen))

    def key(line: Placed) -> tuple[object, ...]:
        chain = (*line.around, line.element)
        named = (place.get(each.attributes.get(attribute, "")) for each in reversed(chain))
        first = next((at for at in named if at is not None), inf)
        return first, [(_custom_index(each), first_seen[id(each)]) for each in chain]

    ordered = [line.number for line in sorted(placed, key=key) if line.number in lines]
    return tuple(replace(lines[number], order=order) for order, number in enumerate(ordered))


def _custom_index(element: Element) -> float:
    found = re.search(r"readingOrder\s*\{[^}]*?\bindex\s*:\s*(\d{1,9})\b", element.attributes.get("custom", ""))
    return float(found[1]) if found else inf


def references(groups: Iterable[Element], attribute: str) -> list[str]:
    """Return the ids that groups of a reading order refer to, by index where there is one, else as they come."""
    waiting, found = list(groups)[::-1], list[str]()
    while waiting:
        element = waiting.pop()
        if attribute in element.attributes:
            found.append(element.attributes[attribute])
        waiting.extend(sorted(element.children, key=_index)[::-1])
    return found


def _index(element: Element) -> float:
    text = element.attributes.get("index", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else inf


def points_of(text: str) -> Floats:
    """Return the points (N, 2) of a text, one after another that differ; raises InputError for what are none."""
    values = number.findall(text)
    if between.sub("", number.sub("", text)) or len(values) % 2:
        raise InputError(f"has points {text[:60]!r}, which are not pairs of numbers")
    if len(values) > 2 * most_points:
        raise InputError(f"has more than {most_points} points")
    points = np.array(values, dtype=np.float64).reshape(-1, 2)
    if np.abs(points).max(initial=0.0) > farthest:
        raise InputError(f"has a point at {np.abs(points).max():g}, beyond any image")
    new = np.ones(len(points), dtype=bool)
    new[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
    return points[new] if new.any() else nowhere


def measure(element: Element, attribute: str) -> float | None:
    """Return a number of an attribute, None where there is none; raises InputError for what is no number."""
    text = element.attributes.get(attribute, "").strip()
    if not text:
        return None
    if not number.fullmatch(text) or abs(float(text)) > farthest:
        raise InputError(f"has {attribute} {text[:60]!r}, which is no number of an image")
    return float(text)


def size_of(element: Element, width: str, height: str) -> tuple[float, float]:
    """Return the size that a page has by two attributes; (0, 0) where these do not say it."""
    try:
        found = measure(element, width), measure(element, height)
    except InputError:
        return 0.0, 0.0
    return (found[0], found[1]) if found[0] and found[1] and min(found[0], found[1]) > 0 else (0.0, 0.0)
