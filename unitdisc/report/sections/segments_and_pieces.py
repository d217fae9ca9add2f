"""What was derived from the units: segments with their scores before and after, and acoustic pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.errors import InputError
from unitdisc.layout import table_of
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.report.training_files import own_table

segment_metrics = tuple(map(metrics.find, metrics.segments))
piece_metrics = tuple(map(metrics.find, metrics.pieces_shown))


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of a run before and after its tokens were joined to segments; ``better`` says which is, if either."""

    corpus: str
    run: str
    metric: str
    before: str
    after: str
    difference: str
    better: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """The figures of a run's pieces, in the order of ``piece_metrics``."""

    corpus: str
    run: str
    values: list[str]


def segments(corpora: Sequence[CorpusResults], split: str) -> list[Change]:
    """Return what segmentation changed, of the runs that have segments."""
    return [change for corpus in corpora for run in corpus.runs for change in _changes(corpus, run, split)]


def pieces(corpora: Sequence[CorpusResults], split: str) -> list[Pieces]:
    """Return the figures of the pieces, of the runs that have any."""
    rows = []
    for corpus in corpora:
        for run in corpus.runs:
            table = _read(run.files.pieces, "pieces", split)
            values = dict(zip(table["metric"], table["value"], strict=True)) if len(table) else {}
            if values:
                texts = [_text(metric, values.get(metric.name, np.nan)) for metric in piece_metrics]
                rows.append(Pieces(corpus.title, f"{run.name}, seed {run.seed}", texts))
    return rows


def _changes(corpus: CorpusResults, run: RunResults, split: str) -> Iterator[Change]:
    table = _read(run.files.segments, "segment", split)
    rows = {row["metric"]: row for row in table.to_dict("records")}
    for metric in segment_metrics:
        if metric.name in rows:
            row = rows[metric.name]
            interval = f"{_text(metric, row['low'])} to {_text(metric, row['high'])}"
            yield Change(
                corpus=corpus.title,
                run=f"{run.name}, seed {run.seed}",
                metric=metric.heading,
                before=_text(metric, row["before"]),
                after=_text(metric, row["after"]),
                difference=f"{_text(metric, row['difference'])} ({interval})",
                better=str(row["better"]),
            )


def _read(folder: Path, step: str, split: str) -> pd.DataFrame:
    path = table_of(folder)
    if not path.exists():
        return pd.DataFrame({"metric": []})
    try:
        table = own_table(path)
        return table[table["split"] == split]
    except (ValueError, KeyError):
        raise InputError("is not a table of scores", path, fix=f"write it again: unitdisc {step} --help") from None


def _text(metric: metrics.Metric, value: float) -> str:
    """Write a value: a difference may be small, so what is no share has three significant digits."""
    return metric.text(value) if metric.percent or value != value else f"{value:.3g}"
