"""The training curves of a corpus: a line per model, the mean of its seeds, with their range around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Floats
from unitdisc.report.drawing import palette, svg
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.report.sections import averages
from unitdisc.report.sections.rate_plots import Figure, key

most_points = 400  # of a curve: a plot is not more pixels wide


@dataclass(frozen=True, slots=True)
class Panel:
    """The curves of models that share their plots, with the key of their colours."""

    title: str
    figures: list[Figure]
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Training:
    """The training curves of a corpus."""

    corpus: str
    panels: list[Panel]


def trainings(corpora: Sequence[CorpusResults], colour: Mapping[str, str]) -> list[Training]:
    """Draw the training curves of every corpus that has any."""
    drawn = [Training(corpus.title, _panels(corpus, colour)) for corpus in corpora]
    return [training for training in drawn if training.panels]


def _panels(corpus: CorpusResults, colour: Mapping[str, str]) -> list[Panel]:
    drawn = [
        Panel(part.title, _figures(_by_model(part.runs), colour), key(part.runs, colour))
        for part in palette.groups(corpus.runs)
    ]
    curves = averages.of_models(_by_model(corpus.runs))
    return [panel for panel in (*drawn, Panel("Raw and averaged weights", curves, averages.legend)) if panel.figures]


def _by_model(runs: Sequence[RunResults]) -> list[list[RunResults]]:
    """Group the runs that have epochs by their model."""
    names = dict.fromkeys(run.name for run in runs if len(run.epochs))
    return [[run for run in runs if run.name == name and len(run.epochs)] for name in names]


def _figures(models: Sequence[Sequence[RunResults]], colour: Mapping[str, str]) -> list[Figure]:
    trained = [runs for runs in models if any(len(run.epochs) > 1 for run in runs)]
    levels = " or ".join(dict.fromkeys(runs[0].title for runs in models if runs not in trained))
    dotted = f"; a dotted line is {levels}." if levels else "."
    figures = [
        *_losses(trained, colour),
        *averages.together(trained, colour),
        Figure(
            "Perplexity of the units",
            svg.lines(_usage(models, "perplexity", colour), x="epoch", y="perplexity", zero="zero"),
            "Should rise and stay up: a fall towards 1 is a codebook that collapses" + dotted,
        ),
        Figure(
            "Units used in an epoch",
            svg.lines(_usage(models, "units_used", colour), x="epoch", y="units", zero="zero"),
            "Codewords that at least one token chose; dots mark epochs with a re-estimation, which should lift the "
            "line.",
        ),
        Figure(
            "Norms",
            svg.lines(_pairs(trained, "input_norm", "codeword_norm", colour), x="epoch", y="norm", scale="log"),
            "Codewords (dashed) should meet the vectors they stand for (solid); lines far apart are a dying codebook.",
        ),
        Figure(
            "Drift of encoder outputs",
            svg.lines(_pairs(trained, "drift", "code_drift", colour), x="epoch", y="relative move", zero="zero"),
            "How far the vectors of the same chunks (solid) and their codewords (dashed) moved in an epoch, relative "
            "to their scale: the codewords should keep up, and both come to rest.",
        ),
        Figure(
            "Tokens carried to other codewords",
            svg.lines([line(runs, "moved_tokens", colour) for runs in trained], x="epoch", y="share", zero="zero"),
            "The share of the same tokens whose vectors moved in the epoch to where another codeword is nearest: it "
            "should fall, but not to 0 while few units are used.",
        ),
        Figure(
            "Gap between vectors and codewords",
            svg.lines([line(runs, "gap", colour) for runs in trained], x="epoch", y="relative distance", zero="zero"),
            "The distance of vectors to their codewords relative to their scale: near 1 the codewords stand for "
            "nothing, and a re-estimation (dots) should lower it.",
        ),
        Figure(
            "Learning rate",
            svg.lines([line(runs, "learning_rate", colour) for runs in trained], x="epoch", y="rate", zero="zero"),
            "The schedule that the optimiser followed.",
        ),
    ]
    return [figure for figure in figures if figure.svg]


def _losses(trained: Sequence[Sequence[RunResults]], colour: Mapping[str, str]) -> list[Figure]:
    """Draw the losses, and the bits per dimension of decoders that state a likelihood."""
    averaged = [runs for runs in trained if any(_finite(run, "dev_task_loss_raw") for run in runs)]
    described = [runs for runs in trained if any(_finite(run, "dev_bits_per_dimension") for run in runs)]
    return [
        Figure(
            "Task loss",
            svg.lines(_pairs(trained, "task_loss", "dev_task_loss", colour), x="epoch", y="loss", scale="log"),
            "What the model is trained for, to reconstruct the features or to recognise the labels: it should fall "
            "after the jump where quantisation begins; the dashed line is dev, and a growing gap is overfitting.",
        ),
        Figure(
            "Averaged and raw weights",
            svg.lines(
                _pairs(averaged, "dev_task_loss", "dev_task_loss_raw", colour), x="epoch", y="dev loss", scale="log"
            ),
            "The loss on dev of the averaged weights (solid) should not lie above that of the raw ones (dashed), not "
            "even after a re-estimation (dots).",
        ),
        Figure(
            "Bits per dimension on dev",
            svg.lines([line(runs, "dev_bits_per_dimension", colour) for runs in described], x="epoch", y="bits/dim"),
            "What it takes to write down a value of dev: units that all cost the same, and the decoder's likelihood; "
            "dots mark epochs with a re-estimation.",
        ),
    ]


def _pairs(
    chosen: Sequence[Sequence[RunResults]], solid: str, dashed: str, colour: Mapping[str, str]
) -> list[svg.Line]:
    lines = [line(runs, solid, colour) for runs in chosen]
    return lines + [line(runs, dashed, colour, "dashed") for runs in chosen]


def line(runs: Sequence[RunResults], column: str, colour: Mapping[str, str], dashed: svg.Dash = "") -> svg.Line:
    """Return a column of a model's training as a line: the mean of its seeds by epoch, with their range as a band.

    Epochs with a re-estimation of any seed are marked, on solid lines only.
    """
    epochs, values = _by_epoch(runs, column)
    drawn = np.unique(np.linspace(0, len(epochs) - 1, most_points).round().astype(int))
    values = values[:, drawn]
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.divide(np.where(known, values, 0).sum(axis=0), count, out=np.full(len(drawn), np.nan), where=count > 0)
    reestimated = (_by_epoch(runs, "reestimations")[1] > 0).any(axis=0)
    marks = [] if dashed else epochs[reestimated].tolist()
    ranged = len(runs) > 1 and not dashed
    return svg.Line(
        name=f"{_model_and_seeds(runs)}: {column.replace('_', ' ')}",
        x=epochs[drawn].tolist(),
        y=mean.tolist(),
        colour=colour[runs[0].name],
        dashed=dashed,
        marks=marks[:: 1 + len(marks) // most_points],
        low=np.where(count > 0, np.where(known, values, np.inf).min(axis=0), np.nan).tolist() if ranged else (),
        high=np.where(count > 0, np.where(known, values, -np.inf).max(axis=0), np.nan).tolist() if ranged else (),
    )


def _usage(models: Sequence[Sequence[RunResults]], column: str, colour: Mapping[str, str]) -> list[svg.Line]:
    """Return the curves of the trained models, and a level for each model with a single row, such as a baseline.

    A network without a quantiser uses no units.
    """
    models = [runs for runs in models if runs[0].has_units]
    trained = [runs for runs in models if any(len(run.epochs) > 1 for run in runs)]
    drawn = [line(runs, column, colour) for runs in trained]
    if not drawn:
        return []
    ends = [min(min(curve.x) for curve in drawn), max(max(curve.x) for curve in drawn)]
    for runs in models:
        if runs not in trained:
            level = line(runs, column, colour).y[0]
            drawn.append(svg.Line(_model_and_seeds(runs), ends, [level, level], colour[runs[0].name], "dotted"))
    return drawn


def _model_and_seeds(runs: Sequence[RunResults]) -> str:
    return f"{runs[0].name}, " + (f"mean of {len(runs)} seeds" if len(runs) > 1 else f"seed {runs[0].seed}")


def _by_epoch(runs: Sequence[RunResults], column: str) -> tuple[Floats, Floats]:
    """Return the epochs (E,) of any run, and a column (runs, E) at them, nan where a run lacks it."""
    epochs_of_runs = [run.epochs["epoch"].to_numpy(dtype=float) for run in runs]
    epochs = np.unique(np.concatenate(epochs_of_runs))
    values = np.full((len(runs), len(epochs)), np.nan)
    for row, run, run_epochs in zip(values, runs, epochs_of_runs, strict=True):
        if column in run.epochs:
            row[np.searchsorted(epochs, run_epochs)] = run.epochs[column].to_numpy(dtype=float)
    return epochs, values


def _finite(run: RunResults, column: str) -> bool:
    return column in run.epochs and bool(np.isfinite(run.epochs[column].to_numpy(dtype=float)).any())
