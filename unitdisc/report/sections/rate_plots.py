"""The plots of scores: accuracy against bit rate with the baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from unitdisc import metrics
from unitdisc.report.drawing import palette, svg
from unitdisc.report.results import CorpusResults, RunResults, named_alike

rate = metrics.find("bitrate")


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as SVG, with the sentence that says what to look for."""

    title: str
    svg: str
    caption: str
    models: Mapping[str, str] = field(default_factory=dict)  # the colour class of each model, for the key


def key(runs: Sequence[RunResults], colour: Mapping[str, str]) -> dict[str, str]:
    """Return the colour classes of the runs' models, for the key of a figure."""
    return {run.name: colour[run.name] for run in runs}


def bitrates(corpora: Sequence[CorpusResults], colour: Mapping[str, str], split: str) -> list[Figure]:
    """Draw accuracy against bit rate for all corpora of a name: one plot per size of codebook, on the same axes."""
    figures = [figure for alike in named_alike(corpora) for figure in _bitrates(alike, colour, split)]
    return [figure for figure in figures if figure.svg]


def _bitrates(corpora: Sequence[CorpusResults], colour: Mapping[str, str], split: str) -> list[Figure]:
    runs = [run for corpus in corpora for run in corpus.runs]
    everything = [_dot(run, colour, split) for run in runs]
    levels = [run.value(metrics.level.name, split) for run in runs]
    level = next((value for value in levels if np.isfinite(value)), float("nan"))
    rates = [dot.x for dot in everything if dot.x > 0]
    baselines = " or ".join(dict.fromkeys(run.title for run in runs if run.baseline))
    diamonds = f"a grey diamond is {baselines} on the same features, " if baselines else ""
    caption = f"Up and to the left is better: more of the labels for fewer bits; {diamonds}bars are 95 % intervals."
    figures = []
    for part in palette.groups(runs):
        drawn = svg.points(
            [_dot(run, colour, split) for run in part.runs],
            [(metrics.level.title, 100 * level)] if np.isfinite(level) else [],
            room=everything,
            x=f"{rate.title}, bits per {corpora[0].modality.time}",
            y=metrics.accuracy.heading,
            scale="log" if max(rates, default=1) > 8 * min(rates, default=1) else "linear",
        )
        where = ", ".join(text for text in (corpora[0].name, part.title, split) if text)
        figures.append(
            Figure(
                f"{metrics.accuracy.title.capitalize()} against {rate.title}, {where}",
                drawn,
                caption,
                key(part.runs, colour),
            )
        )
    return figures


def _dot(run: RunResults, colour: Mapping[str, str], split: str) -> svg.Point:
    accuracy = run.estimate(metrics.accuracy.name, split)
    return svg.Point(
        name=f"{run.name}, seed {run.seed}",
        x=run.value(rate.name, split),
        y=100 * accuracy.value,
        colour=colour[run.name],
        shape="diamond" if run.baseline else "circle",
        low=100 * accuracy.low,
        high=100 * accuracy.high,
    )
