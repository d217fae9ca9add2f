"""The main scores of all runs as a table for the terminal."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc import stages as run_stages
from unitdisc.report.sections.spread import deviation


def scores(table: pd.DataFrame, split: str) -> str:
    """Return the headline metrics of a split: a row per corpus and model, seeds as mean (low–high)."""
    chosen = table[table["split"] == split]
    shown = [metrics.find(name) for name in metrics.terminal if (chosen["metric"] == name).any()]
    rows = [["corpus", "model", *(metric.title for metric in shown)]]
    for (corpus, model), run in chosen.groupby(["corpus", "model"], sort=False):
        rows.append([str(corpus), str(model), *(_cell(run, metric) for metric in shown)])
    for corpus, run in chosen[chosen["metric"] == metrics.level.name].groupby("corpus", sort=False):
        level = metrics.level.plain(run["value"].iloc[0])
        rows.append([str(corpus), f"({metrics.level.title})", level, *[""] * (len(shown) - 1)])
    order = {corpus: index for index, corpus in enumerate(chosen["corpus"].unique())}
    rows[1:] = sorted(rows[1:], key=lambda row: order[row[0]])
    return _aligned(rows, texts=2)


def stages(table: pd.DataFrame, split: str) -> str:
    """Return ABX and probes at each stage of the runs, means over seeds; empty if there are none."""
    chosen = table[table["split"] == split]
    rows: list[list[str]] = []
    for (corpus, model), run in chosen.groupby(["corpus", "model"], sort=False):
        means = run.groupby("metric")["value"].mean()
        for family in metrics.by_stage:
            cells = [_first(means, family, stages) for stages in run_stages.columns.values()]
            if any(cell is not None for cell in cells):
                texts = ("" if cell is None else family.plain(cell) for cell in cells)
                rows.append([str(corpus), str(model), family.title, *texts])
    heading = ["corpus", "model", "measure", *run_stages.columns]
    return _aligned([heading, *rows], texts=3) if rows else ""


def _first(means: "pd.Series[float]", family: metrics.Metric, stages: Sequence[str]) -> float | None:
    """Return the mean of a metric at the first of some stages that has one."""
    return next((means[family.at(stage)] for stage in stages if family.at(stage) in means), None)


def spread(table: pd.DataFrame, split: str) -> str:
    """Return mean, standard deviation, minimum and maximum over seeds of each headline metric of each model."""
    chosen = table[(table["split"] == split) & table["value"].notna()]
    rows = [["corpus", "model", "metric", "seeds", "mean", "deviation", "min", "max"]]
    for (corpus, model), run in chosen.groupby(["corpus", "model"], sort=False):
        for metric in map(metrics.find, metrics.headline):
            values = run.loc[run["metric"] == metric.name, "value"].tolist()
            if values:
                numbers = (float(np.mean(values)), deviation(values), min(values), max(values))
                texts = ("" if number != number else metric.plain(number) for number in numbers)
                rows.append([str(corpus), str(model), metric.title, str(len(values)), *texts])
    return _aligned(rows, texts=3)


def _aligned(rows: list[list[str]], *, texts: int) -> str:
    """Align columns: the first ``texts`` of them to the left and the rest, numbers, to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < texts else cell.rjust(width) for column, (cell, width) in enumerate(cells)
        )
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _cell(run: pd.DataFrame, metric: metrics.Metric) -> str:
    values = run.loc[run["metric"] == metric.name, "value"]
    if values.empty:
        return ""
    mean, low, high = (metric.plain(value) for value in (values.mean(), values.min(), values.max()))
    return mean + (f" ({low}–{high})" if len(values) > 1 else "")
