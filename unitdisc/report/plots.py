"""The plots: training curves of a corpus, and accuracy against bit rate with the baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from unitdisc.report import metrics, svg
from unitdisc.report.results import Corpus, Run

colours = 8  # classes c0 to c7 of the style sheet
most_places = 400  # of a curve: a plot is no more pixels wide


@dataclass(frozen=True, slots=True)
class Figure:
    """An SVG with the sentence that says what to see."""

    title: str
    svg: str
    caption: str
    models: Mapping[str, str] = field(default_factory=dict)  # colour classes by name, for its key


@dataclass(frozen=True, slots=True)
class Training:
    """The training curves of a corpus."""

    corpus: str
    figures: list[Figure]
    models: Mapping[str, str]


def palette(corpora: Sequence[Corpus]) -> dict[str, str]:
    """Give every model a colour class, the same in all plots; baselines are grey."""
    models = dict.fromkeys(run.name for corpus in corpora for run in corpus.runs if run.kind != "kmeans")
    found = {name: f"c{place % colours}" for place, name in enumerate(models)}
    return {run.name: found.get(run.name, "base") for corpus in corpora for run in corpus.runs}


def trainings(corpora: Sequence[Corpus], colour: Mapping[str, str]) -> list[Training]:
    """Draw the training curves of every corpus that has any."""
    drawn = [Training(corpus.title, _training(corpus, colour), _key(corpus.runs, colour)) for corpus in corpora]
    return [training for training in drawn if training.figures]


def _key(runs: Sequence[Run], colour: Mapping[str, str]) -> dict[str, str]:
    return {run.name: colour[run.name] for run in runs}


def _training(corpus: Corpus, colour: Mapping[str, str]) -> list[Figure]:
    runs = [run for run in corpus.runs if len(run.epochs) > 1]
    losses = [_line(run, "reconstruction", colour) for run in runs]
    losses += [_line(run, "dev_reconstruction", colour, "dashed") for run in runs]
    norms = [_line(run, "input_norm", colour) for run in runs]
    norms += [_line(run, "codeword_norm", colour, "dashed") for run in runs]
    rates = [_line(run, "learning_rate", colour) for run in runs]
    found = [
        Figure(
            "Reconstruction loss",
            svg.lines(losses, x="epoch", y="loss", scale="log"),
            "Should fall after the jump where quantising begins; the dashed line is dev, a growing gap overfitting.",
        ),
        Figure(
            "Perplexity of the units",
            svg.lines(_usage(corpus, "perplexity", colour), x="epoch", y="perplexity", zero="zero"),
            "Should rise and stay up: a fall towards 1 is a codebook that collapses; the dotted line is k-means.",
        ),
        Figure(
            "Units used in an epoch",
            svg.lines(_usage(corpus, "units_used", colour), x="epoch", y="units", zero="zero"),
            "Codewords that any token chose; dots mark epochs with a re-estimation, which should lift the line.",
        ),
        Figure(
            "Norms",
            svg.lines(norms, x="epoch", y="norm", scale="log"),
            "Codewords (dashed) should meet the vectors they stand for (solid); lines far apart are a dying codebook.",
        ),
        Figure(
            "Learning rate",
            svg.lines(rates, x="epoch", y="rate", zero="zero"),
            "The schedule that the optimiser followed.",
        ),
    ]
    return [figure for figure in found if figure.svg]


def bitrates(corpora: Sequence[Corpus], colour: Mapping[str, str], split: str) -> list[Figure]:
    """Draw accuracy against bit rate, one plot for all corpora of a name."""
    names = dict.fromkeys(corpus.name for corpus in corpora)
    figures = [_bitrate([corpus for corpus in corpora if corpus.name == name], colour, split) for name in names]
    return [figure for figure in figures if figure.svg]


def _bitrate(corpora: Sequence[Corpus], colour: Mapping[str, str], split: str) -> Figure:
    runs = [run for corpus in corpora for run in corpus.runs]
    dots = [_dot(run, colour, split) for run in runs]
    levels = [run.value(metrics.level, split) for run in runs]
    level = next((value for value in levels if np.isfinite(value)), float("nan"))
    rates = [dot.x for dot in dots if dot.x > 0]
    drawn = svg.points(
        dots,
        [("majority label", 100 * level)] if np.isfinite(level) else [],
        x=f"bit rate, bits a {'column' if corpora[0].modality == 'handwriting' else 'second'}",
        y="accuracy %",
        scale="log" if max(rates, default=1) > 8 * min(rates, default=1) else "linear",
    )
    caption = (
        "Up and to the left is better: more of the labels for fewer bits; a grey diamond is k-means on the same "
        "features, bars are 95 % intervals."
    )
    return Figure(f"Accuracy against bit rate, {corpora[0].name}, {split}", drawn, caption, _key(runs, colour))


def _dot(run: Run, colour: Mapping[str, str], split: str) -> svg.Point:
    found = run.estimate(metrics.accuracy, split)
    return svg.Point(
        name=f"{run.name}, seed {run.seed}",
        x=run.value("bitrate", split),
        y=100 * found.value,
        colour=colour[run.name],
        shape="diamond" if run.kind == "kmeans" else "circle",
        low=100 * found.low,
        high=100 * found.high,
    )


def _line(run: Run, column: str, colour: Mapping[str, str], dashed: Literal["", "dashed"] = "") -> svg.Line:
    epochs = run.epochs
    values = epochs[column] if column in epochs else np.full(len(epochs), np.nan)
    done = (
        epochs["reestimations"] > 0 if "reestimations" in epochs and not dashed else np.zeros(len(epochs), dtype=bool)
    )
    drawn = np.unique(np.linspace(0, len(epochs) - 1, most_places).round().astype(int))
    return svg.Line(
        name=f"{run.name}, seed {run.seed}: {column.replace('_', ' ')}",
        x=_floats(np.asarray(epochs["epoch"])[drawn]),
        y=_floats(np.asarray(values)[drawn]),
        colour=colour[run.name],
        dashed=dashed,
        marks=_floats(epochs["epoch"][done])[:: 1 + int(done.sum()) // most_places],
    )


def _usage(corpus: Corpus, column: str, colour: Mapping[str, str]) -> list[svg.Line]:
    """Curves of the trained runs, and a level across them for each run that has one row only."""
    runs = [run for run in corpus.runs if len(run.epochs) > 1]
    drawn = [_line(run, column, colour) for run in runs]
    if not drawn:
        return []
    ends = [min(min(line.x) for line in drawn), max(max(line.x) for line in drawn)]
    for run in corpus.runs:
        if len(run.epochs) == 1 and column in run.epochs:
            value = float(run.epochs[column].iloc[0])
            drawn.append(svg.Line(f"{run.name}, seed {run.seed}", ends, [value, value], colour[run.name], "dotted"))
    return drawn


def _floats(values: object) -> list[float]:
    return [float(value) for value in np.asarray(values, dtype=float)]
