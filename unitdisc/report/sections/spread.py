"""How far the seeds of a model lie apart: mean, deviation and range of its scores, and a point for each seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unitdisc import metrics
from unitdisc.report.drawing import palette, svg
from unitdisc.report.results import CorpusResults, RunResults, named_alike
from unitdisc.report.sections.rate_plots import Figure, key

fewest_seeds = 5  # of which a spread says something
caption = "A point for each seed: the flatter the points of a model lie, the less its result is luck."


@dataclass(frozen=True, slots=True)
class Cell:
    """The mean and standard deviation of a metric over the seeds of a model, and its range, as text."""

    text: str = ""
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A model with the number of its seeds and a cell per metric."""

    model: str
    seeds: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """The models of a corpus, or of all corpora of that name, that have enough seeds."""

    corpus: str
    columns: tuple[metrics.Metric, ...]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]


def spreads(corpora: Sequence[CorpusResults], colour: Mapping[str, str], split: str) -> list[Spread]:
    """Return the spread of each corpus that has a model with at least ``fewest_seeds`` scored seeds."""
    found = [_spread(alike, colour, split) for alike in named_alike(corpora)]
    return [spread for spread in found if spread.rows]


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample (n − 1); nan for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def _spread(corpora: Sequence[CorpusResults], colour: Mapping[str, str], split: str) -> Spread:
    runs = [run for corpus in corpora for run in corpus.runs if split in run.scored]
    models: dict[str, list[RunResults]] = {}
    for run in runs:
        models.setdefault(run.name, []).append(run)
    models = {name: seeds for name, seeds in models.items() if len(seeds) >= fewest_seeds}
    shown = [run for seeds in models.values() for run in seeds]
    columns = tuple(
        metric
        for metric in map(metrics.find, metrics.headline)
        if any(np.isfinite(run.value(metric.name, split)) for run in shown)
    )
    rows = tuple(
        Row(name, len(seeds), tuple(_cell(seeds, metric, split) for metric in columns))
        for name, seeds in models.items()
    )
    drawn = [
        _figure(part, metric, colour, split)
        for part in palette.groups(shown)
        for metric in columns
        if metric.name in metrics.settings
    ]
    return Spread(corpora[0].name, columns, rows, tuple(figure for figure in drawn if figure.svg))


def _cell(runs: Sequence[RunResults], metric: metrics.Metric, split: str) -> Cell:
    values = [run.value(metric.name, split) for run in runs]
    values = [value for value in values if np.isfinite(value)]
    if not values:
        return Cell()
    spread = metric.text(deviation(values))
    mean = metric.text(float(np.mean(values)))
    return Cell(f"{mean} ± {spread}" if spread else mean, f"{metric.text(min(values))}–{metric.text(max(values))}")


def _figure(part: palette.Group, metric: metrics.Metric, colour: Mapping[str, str], split: str) -> Figure:
    factor = 100 if metric.percent else 1
    dots = [
        svg.Point(
            f"{run.name}, seed {run.seed}",
            run.seed,
            factor * run.value(metric.name, split),
            colour[run.name],
            "diamond" if run.baseline else "circle",
        )
        for run in part.runs
    ]
    drawn = svg.points(dots, [], x="seed", y=metric.heading, scale="linear", whole="whole")
    title = f"{metric.title[:1].upper()}{metric.title[1:]} by seed"
    return Figure(
        ", ".join(text for text in (title, part.title, split) if text), drawn, caption, key(part.runs, colour)
    )
