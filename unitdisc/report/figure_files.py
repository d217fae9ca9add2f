"""The figures of the page as files: each a stand-alone SVG, named by where it stands on the page."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from unitdisc.files import writing
from unitdisc.report.drawing.alone import alone
from unitdisc.report.sections.rate_plots import Figure

longest = 120  # letters of a name


@dataclass(frozen=True, slots=True)
class NamedFigure:
    """A figure under the name of its file and a title that is clear alone, with the names and colours of its key."""

    name: str
    title: str
    figure: Figure
    models: Mapping[str, str]


def write(facts: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write every figure among the facts of a page to a folder, and return the paths in the order of the page."""
    paths = []
    for each in named(facts):
        drawn = alone(each.figure.svg, title=each.title, caption=each.figure.caption, models=each.models)
        paths.append(folder / f"{each.name}.svg")
        with writing(paths[-1]) as file:
            file.write(drawn)
    return paths


def named(facts: Mapping[str, Any]) -> list[NamedFigure]:
    """Find the figures among the facts of a page.

    The name of a figure joins its section (``training`` for the fact ``trainings``), the titles of the records that
    hold the figure (a corpus, a size of codebook), and its own title; figures that would share a name are numbered.
    """
    taken: dict[str, int] = {}
    found = []
    for section, fact in facts.items():
        for above, figure, models in _figures(fact, (), {}):
            name = slug(" ".join((section.removesuffix("s"), *above, figure.title)))
            taken[name] = taken.get(name, 0) + 1
            numbered = name if taken[name] == 1 else f"{name}-{taken[name]}"
            title = ", ".join((figure.title, *(text for text in above if text not in figure.title)))
            found.append(NamedFigure(numbered, title, figure, models))
    return found


def slug(text: str) -> str:
    """Return a text as the name of a file: lower-case letters and digits of ASCII, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:longest].rstrip("-")


def _figures(
    fact: Any, above: tuple[str, ...], models: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], Figure, Mapping[str, str]]]:
    """Yield the figures within a fact, with the titles above them and their key: their own, or that above them."""
    if isinstance(fact, Figure):
        yield above, fact, fact.models or models
    elif is_dataclass(fact) and not isinstance(fact, type):
        values = {field.name: getattr(fact, field.name) for field in fields(fact)}
        titles = tuple(values[name] for name in ("corpus", "title") if values.get(name))
        key = values.get("models")
        for value in values.values():
            yield from _figures(value, (*above, *titles), key if isinstance(key, Mapping) else models)
    elif isinstance(fact, Sequence) and not isinstance(fact, str):
        for value in fact:
            yield from _figures(value, above, models)
