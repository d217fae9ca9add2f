"""The score table: a row per run, the mean of a model's seeds above them, the best in bold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.report.results import CorpusResults, RunResults, named_alike, preferred_splits

headline = tuple(map(metrics.find, metrics.headline))


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as text, with its interval and the number that sorts it."""

    text: str = ""
    interval: str = ""
    value: float = float("nan")
    best: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A run (``kind`` run), the mean of a model's seeds (mean) or the level of the most frequent label (level).

    ``note`` says where a model was trained, if not on the corpus.
    """

    kind: str
    corpus: str
    model: str
    seed: str
    cells: tuple[Cell, ...] = field(default=())
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a split in a view (see ``metrics.views``), its rows in groups, one per corpus.

    All of these corpora have scores of the same metrics, the ``columns``.
    """

    split: str
    view: str
    columns: tuple[metrics.Metric, ...]
    groups: tuple[tuple[Row, ...], ...]


def tables(corpora: Sequence[CorpusResults]) -> list[Table]:
    """Return the score tables, test first; no table for a split or view without scores.

    Corpora whose scores are of different metrics are in different tables.
    """
    return [table for split in preferred_splits for view in metrics.views for table in _tables(corpora, split, view)]


def means(
    corpora: Sequence[CorpusResults], names: Sequence[str], split: str
) -> tuple[tuple[metrics.Metric, ...], list[Row]]:
    """Return those of the named metrics that any run has, and the mean row of every model that has scores."""
    runs = [run for corpus in corpora for run in corpus.runs]
    columns = tuple(m for m in map(metrics.find, names) if any(_has(run, m, split, "") for run in runs))
    return columns, [row for c in corpora for row in _rows(c, columns, split, "") if row.kind == "mean"]


def without_seeds(table: Table) -> Table:
    """Return a table with the means of the models alone."""
    return replace(table, groups=tuple(tuple(row for row in group if row.kind != "run") for group in table.groups))


def _tables(corpora: Sequence[CorpusResults], split: str, view: str) -> Iterator[Table]:
    """Yield the tables of a split in a view; none for a view that changes nothing."""
    alike = named_alike(corpora)
    changed = [any(metric.in_view(view).endswith(view) for metric in _columns(group, split, view)) for group in alike]
    if not any(changed):
        return
    parts: dict[tuple[metrics.Metric, ...], list[tuple[Row, ...]]] = {}
    for group, differs in zip(alike, changed, strict=True):
        own = view if differs else ""  # what the view does not change is shown as it is
        columns = _columns(group, split, own)
        if not columns:
            continue
        parts.setdefault(columns, []).append(_group(group, columns, split, own))
    for columns, groups in parts.items():
        if filled := tuple(group for group in groups if group):
            yield Table(split, view, columns, filled)


def _columns(corpora: Sequence[CorpusResults], split: str, view: str) -> tuple[metrics.Metric, ...]:
    return tuple(m for m in headline if any(_has(run, m, split, view) for corpus in corpora for run in corpus.runs))


def _group(
    corpora: Sequence[CorpusResults], columns: Sequence[metrics.Metric], split: str, view: str
) -> tuple[Row, ...]:
    rows = best([row for corpus in corpora for row in _rows(corpus, columns, split, view)], columns)
    return (*rows, *[row for corpus in corpora for row in _level(corpus, columns, split, view)][:1])


def _has(run: RunResults, metric: metrics.Metric, split: str, view: str) -> bool:
    return bool(np.isfinite(run.value(metric.in_view(view), split)))


def _rows(corpus: CorpusResults, columns: Sequence[metrics.Metric], split: str, view: str) -> Iterator[Row]:
    for model in dict.fromkeys(run.name for run in corpus.runs):
        runs = [run for run in corpus.runs if run.name == model and split in run.scored]
        rows = [
            Row("run", corpus.name, model, str(run.seed), tuple(_cell(run, m, split, view) for m in columns))
            for run in runs
        ]
        if len(rows) > 1:
            cells = tuple(_mean([row.cells[column] for row in rows], metric) for column, metric in enumerate(columns))
            yield Row("mean", corpus.name, model, f"{len(rows)} seeds", cells, _note(runs))
        yield from rows if len(rows) != 1 else [replace(rows[0], kind="mean", note=_note(runs))]


def _note(runs: Sequence[RunResults]) -> str:
    corpora = dict.fromkeys(run.trained_on for run in runs if run.trained_on)
    return f"trained on {', '.join(corpora)}" if corpora else ""


def _cell(run: RunResults, metric: metrics.Metric, split: str, view: str) -> Cell:
    score = run.estimate(metric.in_view(view), split)
    return Cell(metric.text(score.value), _interval(metric, score.low, score.high), score.value)


def _mean(cells: Sequence[Cell], metric: metrics.Metric) -> Cell:
    values = np.array([cell.value for cell in cells])
    values = values[np.isfinite(values)]
    if not len(values):
        return Cell()
    mean = float(values.mean())
    partial = f"{len(values)} of {len(cells)} seeds"
    spread = _interval(metric, float(values.min()), float(values.max()))
    return Cell(metric.text(mean), spread if len(values) == len(cells) else partial, mean)


def _interval(metric: metrics.Metric, low: float, high: float) -> str:
    ends = metric.text(low), metric.text(high)
    return "–".join(ends) if np.isfinite(low + high) and ends[0] != ends[1] else ""


def best(rows: list[Row], columns: Sequence[metrics.Metric]) -> list[Row]:
    """Mark the best mean of each column; a column with a single value has no best."""
    marked: set[tuple[int, int]] = set()
    for column, metric in enumerate(columns):
        values = {n: r.cells[column].value for n, r in enumerate(rows) if r.kind == "mean" and r.cells[column].text}
        if len(values) > 1 and metric.better != "neither":
            top = max(values.values()) if metric.better == "high" else min(values.values())
            marked |= {(n, column) for n, value in values.items() if value == top}
    return [
        replace(row, cells=tuple(replace(cell, best=(n, column) in marked) for column, cell in enumerate(row.cells)))
        for n, row in enumerate(rows)
    ]


def _level(corpus: CorpusResults, columns: Sequence[metrics.Metric], split: str, view: str) -> Iterator[Row]:
    """Yield the row with the accuracy of a single label for everything."""
    for run in corpus.runs:
        for metric in (column for column in columns if column.level):
            value = run.value(metric.level + view, split)
            if np.isfinite(value):
                cells = tuple(Cell(m.text(value), "", value) if m == metric else Cell() for m in columns)
                yield Row("level", corpus.name, metrics.level.title, "", cells)
                return


def everything(
    corpora: Sequence[CorpusResults], split: str
) -> list[tuple[str, list[str], list[tuple[str, list[str]]]]]:
    """Return each corpus's name, its models, and a row per metric, as means over seeds."""
    parts = []
    for corpus in corpora:
        frames = [run.scores.assign(model=run.name) for run in corpus.runs if len(run.scores)]
        if frames:
            scores = pd.concat(frames)
            scores = scores[scores["split"] == split]
            wide = scores.pivot_table(index="metric", columns="model", values="value", aggfunc="mean", sort=False)
            rows = [
                (str(name), [_short(value) for value in row])
                for name, row in zip(wide.index, wide.to_numpy(), strict=True)
            ]
            parts.append((corpus.title, [str(name) for name in wide.columns], rows))
    return [part for part in parts if part[2]]


def _short(value: float) -> str:
    return "" if value != value else f"{value:.4g}"
