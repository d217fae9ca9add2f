"""Sweeps: a plot per metric against a numeric setting of which a corpus has models with at least four values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import nan
from typing import Any

import numpy as np

from unitdisc import metrics
from unitdisc.report.drawing import palette, svg
from unitdisc.report.results import CorpusResults, RunResults, named_alike
from unitdisc.report.sections import ablation
from unitdisc.report.sections.rate_plots import Figure

fewest_values = 4  # of a setting that is swept
decade = 10  # a setting whose values span more has a logarithmic axis
caption = {
    "high": "Higher is better: each dot is the mean over seeds, with their range as a band.",
    "low": "Lower is better: each dot is the mean over seeds, with their range as a band.",
    "neither": "Each dot is the mean over seeds, with their range as a band.",
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """The plots of a corpus against one setting, with the colours of its variants and of a baseline without it."""

    corpus: str
    title: str
    figures: list[Figure]
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Variant:
    """The runs that differ in the swept setting alone, by its value."""

    name: str
    baseline: bool
    runs: Mapping[float, Sequence[RunResults]]


def sweeps(corpora: Sequence[CorpusResults], split: str) -> list[Sweep]:
    """Draw every sweep of every corpus, or of all corpora of that name where several results folders are shown."""
    named = [
        (alike[0].name, [run for corpus in alike for run in corpus.runs if split in run.scored])
        for alike in named_alike(corpora)
    ]
    drawn = [
        _sweep(name, path, _variants(runs, path), _levels(runs, path), split)
        for name, runs in named
        for path in _swept(runs)
    ]
    return [sweep for sweep in drawn if sweep.figures]


def _settings(run: RunResults) -> Mapping[str, Any]:
    """Return a run's settings as they are compared, its number of codewords where other kinds of model have it."""
    settings = dict(ablation.compared(run.settings))
    bottleneck = dict(settings.pop("bottleneck", None) or {})
    if "codewords" in bottleneck:
        settings["codewords"] = bottleneck.pop("codewords")
    return settings | {"bottleneck": bottleneck}


def _swept(runs: Sequence[RunResults]) -> list[ablation.Path]:
    """Return the paths of the numeric settings of which one variant at least has enough values."""
    paths = [path for alike in _by_kind(runs) for path in ablation.differing([_settings(run) for run in alike])]
    return [
        path
        for path in dict.fromkeys(paths)
        if any(len(variant.runs) >= fewest_values and not variant.baseline for variant in _variants(runs, path))
    ]


def _by_kind(runs: Sequence[RunResults]) -> list[list[RunResults]]:
    kinds = dict.fromkeys((run.kind, run.baseline, run.trained_on) for run in runs)
    return [[run for run in runs if (run.kind, run.baseline, run.trained_on) == kind] for kind in kinds]


def _variants(runs: Sequence[RunResults], setting: ablation.Path) -> list[Variant]:
    """Group the runs by the other settings in which they differ; variants with one value are left out."""
    variants = []
    for alike in _by_kind(runs):
        others = [path for path in ablation.differing([_settings(run) for run in alike]) if path != setting]
        groups: dict[tuple[str, ...], dict[float, list[RunResults]]] = {}
        for run in alike:
            value = ablation.value_at(_settings(run), setting)
            if isinstance(value, int | float) and not isinstance(value, bool):
                key = (run.source, *(ablation.written(_settings(run), path) for path in others))
                groups.setdefault(key, {}).setdefault(float(value), []).append(run)
        for key, by_value in groups.items():
            if len(by_value) > 1:
                in_words = (
                    f"{ablation.title(path)} {text}" for path, text in zip(others, key[1:], strict=True) if text
                )
                variants.append(Variant(_name(by_value, ", ".join(in_words)), alike[0].baseline, by_value))
    return variants


def _levels(runs: Sequence[RunResults], setting: ablation.Path) -> dict[str, list[RunResults]]:
    """Return the baselines that have no such setting and as many codewords as every other model, by their names."""
    sizes = {run.codewords for run in runs}
    without = [run for run in runs if run.baseline and ablation.value_at(_settings(run), setting) is ablation.absent]
    names = dict.fromkeys(run.name for run in without)
    return {name: [run for run in without if run.name == name] for name in names} if len(sizes) == 1 else {}


def _name(runs: Mapping[float, Sequence[RunResults]], settings: str) -> str:
    """Return what the names of a variant's models have in common, or what its settings are."""
    every = [run for of_value in runs.values() for run in of_value]
    letters = takewhile(lambda same: len(set(same)) == 1, zip(*(run.name for run in every), strict=False))
    common = "".join(same[0] for same in letters)
    return common.rstrip("-_. 0123456789") or settings or every[0].title


def _sweep(
    corpus: str,
    setting: ablation.Path,
    variants: Sequence[Variant],
    levels: Mapping[str, Sequence[RunResults]],
    split: str,
) -> Sweep:
    title = ablation.title(setting)
    names = _distinct([variant.name for variant in variants])
    trained = [name for name, variant in zip(names, variants, strict=True) if not variant.baseline]
    colour = {name: palette.classes[place % len(palette.classes)] for place, name in enumerate(trained)}
    colours = {name: colour.get(name, palette.baseline) for name in names}
    colours |= dict.fromkeys(levels, palette.baseline)
    values = [value for variant in variants for value in variant.runs]
    across: svg.Scale = "log" if min(values) > 0 and max(values) > decade * min(values) else "linear"
    figures = []
    for metric in _metrics(variants, split):
        curves = [
            _line(variant, metric, split, name, colours[name]) for name, variant in zip(names, variants, strict=True)
        ]
        for name, runs in levels.items():
            mean = _scores(runs, metric, split)[0]
            curves.append(svg.Line(name, [min(values), max(values)], [mean, mean], colours[name], "dotted"))
        drawn = svg.lines(curves, x=title, y=metric.heading, across=across)
        figures.append(Figure(metric.title[:1].upper() + metric.title[1:], drawn, caption[metric.better]))
    return Sweep(corpus, title, [figure for figure in figures if figure.svg], colours)


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the names that occur before."""
    return [
        name if name not in names[:place] else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    ]


def _metrics(variants: Sequence[Variant], split: str) -> Iterator[metrics.Metric]:
    """Yield the headline metrics that any run has, then others that are no detail of them."""
    runs = [run for variant in variants for of_value in variant.runs.values() for run in of_value]
    present = {name for run in runs for name in run.scores.loc[run.scores["split"] == split, "metric"]}
    further = sorted(name for name in present - set(metrics.headline) if metrics.stands_alone(name))
    for name in (*metrics.headline, *further):
        if any(np.isfinite(run.value(name, split)) for run in runs):
            yield metrics.find(name)


def _line(variant: Variant, metric: metrics.Metric, split: str, name: str, colour: str) -> svg.Line:
    """Return the means of a metric by the value of the setting, with the range of the seeds as a band."""
    rows = {value: _scores(runs, metric, split) for value, runs in sorted(variant.runs.items())}
    x = [value for value, row in rows.items() if np.isfinite(row[0])]
    mean, low, high = ([rows[value][place] for value in x] for place in range(3))
    ranged = low != high
    return svg.Line(name, x, mean, colour, marks=x, low=low if ranged else (), high=high if ranged else ())


def _scores(runs: Sequence[RunResults], metric: metrics.Metric, split: str) -> tuple[float, float, float]:
    """Return the mean of a metric over runs, its least and its greatest value, nan without any."""
    scores = [run.value(metric.name, split) * (100 if metric.percent else 1) for run in runs]
    finite = [score for score in scores if np.isfinite(score)]
    return (float(np.mean(finite)), min(finite), max(finite)) if finite else (nan, nan, nan)
