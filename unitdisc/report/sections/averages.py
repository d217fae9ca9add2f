"""Raw and averaged weights over a training, by curve.tsv: a plot for each model, and one of all models together."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from unitdisc.report.drawing import palette, svg
from unitdisc.report.results import RunResults, preferred_splits
from unitdisc.report.sections.rate_plots import Figure, key

most_points = 400  # of a line: a plot is not more pixels wide
# The kinds of weights in curve.tsv, as the page names them, with their colours in the plot of a model.
titles = MappingProxyType(
    {"raw": "raw weights", "plain": "plain average of everything", "averaged": "average that shares the codewords"}
)
colours = MappingProxyType(dict(zip(titles, (palette.baseline, *palette.classes[1::-1]), strict=True)))
legend = MappingProxyType({titles[weights]: colour for weights, colour in colours.items()})


def of_models(models: Sequence[Sequence[RunResults]]) -> list[Figure]:
    """Draw the weights of each model, whose runs are its seeds; no figure for models without averages in a curve."""
    return [_of_model(runs) for runs in models if len(_weights(runs)) > 1]


def _of_model(runs: Sequence[RunResults]) -> Figure:
    split, column = _shown(runs)
    lines = [line(runs, weights, colours[weights]) for weights in _weights(runs)]
    drawn = svg.lines(lines, x="training step", y=_axis(split, column), scale="log")
    return Figure(
        f"{_quantity(column)} on {split}, {runs[0].name}",
        drawn,
        "Dots are the first points after a re-estimation. A plain average mixes codewords that have nothing in common, "
        "and rises there; the average that shares the codewords should not be above the raw weights.",
        legend,
    )


def together(models: Sequence[Sequence[RunResults]], colour: Mapping[str, str]) -> list[Figure]:
    """Draw all models that have a curve in one figure: raw weights dashed where there are averaged ones."""
    curved = [runs for runs in models if _weights(runs)]
    if not curved:
        return []
    split, column = _shown([run for runs in curved for run in runs])
    last = {runs[0].name: _weights(runs)[-1] for runs in curved}
    lines = [line(runs, last[runs[0].name], colour[runs[0].name]) for runs in curved]
    lines += [line(runs, "raw", colour[runs[0].name], "dashed") for runs in curved if last[runs[0].name] != "raw"]
    drawn = svg.lines(lines, x="training step", y=_axis(split, column), scale="log")
    caption = "Lower is better. Dashed lines are raw weights, solid ones their average where weights are averaged."
    runs = [run for runs in curved for run in runs]
    return [Figure(f"{_quantity(column)} on {split}", drawn, caption, key(runs, colour))] if drawn else []


def line(runs: Sequence[RunResults], weights: str, colour: str, dashed: svg.Dash = "") -> svg.Line:
    """Return a kind of weights of a model as a line: the mean of its seeds by step, with their range as a band."""
    split, column = _shown(runs)
    table = pd.concat([run.curve for run in runs if len(run.curve)])
    table = table[(table["split"] == split) & (table["weights"] == weights)]
    by_step = table.groupby("step")
    values = by_step[column].agg(["mean", "min", "max"])
    done = by_step["reestimations"].max()
    marked = np.flatnonzero(done.diff() > 0)[:most_points]
    spread = np.linspace(0, len(values) - 1, min(most_points, len(values))).round().astype(int)
    drawn = values.iloc[np.union1d(spread, marked)]
    ranged = len(runs) > 1 and not dashed
    return svg.Line(
        name=f"{runs[0].name}, {titles.get(weights, weights)}",
        x=drawn.index.to_numpy(dtype=float).tolist(),
        y=drawn["mean"].tolist(),
        colour=colour,
        dashed=dashed,
        marks=[] if dashed else done.index[marked].to_numpy(dtype=float).tolist(),
        low=drawn["min"].tolist() if ranged else (),
        high=drawn["max"].tolist() if ranged else (),
    )


def _weights(runs: Sequence[RunResults]) -> list[str]:
    """Return the kinds of weights that the curves of runs have, the averaged ones last."""
    found = {weights for run in runs if len(run.curve) for weights in run.curve["weights"]}
    return [weights for weights in titles if weights in found]


def _shown(runs: Sequence[RunResults]) -> tuple[str, str]:
    """Return the split and the column of the curves that are drawn: test and bits per dimension where they exist."""
    table = pd.concat([run.curve for run in runs if len(run.curve)])
    split = next((split for split in preferred_splits if (table["split"] == split).any()), "dev")
    return split, "bits_per_dimension" if table["bits_per_dimension"].notna().any() else "task_loss"


def _quantity(column: str) -> str:
    return "Bits per dimension" if column == "bits_per_dimension" else "Task loss"


def _axis(split: str, column: str) -> str:
    return f"{'bits/dim' if column == 'bits_per_dimension' else 'loss'} on {split}"
