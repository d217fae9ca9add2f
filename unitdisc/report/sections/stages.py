"""What is lost on the way from features to units: ABX errors and probes at every stage of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unitdisc import metrics
from unitdisc import stages as run_stages
from unitdisc.report.results import CorpusResults, RunResults


@dataclass(frozen=True, slots=True)
class Row:
    """A model by one measure: its mean over seeds at each stage, as text, empty where it has none."""

    model: str
    measure: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a corpus's runs from left to right, and what each measure says about them."""

    corpus: str
    stages: list[str]
    rows: list[Row]


def tables(corpora: Sequence[CorpusResults], split: str) -> list[Stages]:
    """Return a table per corpus that has any of the measures on ``split``."""
    candidates = [_table(corpus, split) for corpus in corpora]
    return [table for table in candidates if table.rows]


def _table(corpus: CorpusResults, split: str) -> Stages:
    values: dict[tuple[str, metrics.Metric], dict[str, list[float]]] = {}
    for run in corpus.runs:
        for measure, stage, value in _measured(run, split):
            of_column = values.setdefault((run.name, measure), {})
            of_column.setdefault(run_stages.column(stage), []).append(value)
    known = {column for by_column in values.values() for column in by_column}
    columns = [title for title in run_stages.columns if title in known] + sorted(known - set(run_stages.columns))
    ordered = sorted(values.items(), key=lambda item: metrics.by_stage.index(item[0][1]))
    rows = [
        Row(model, measure.heading, [measure.text(float(np.mean(of[s]))) if s in of else "" for s in columns])
        for (model, measure), of in ordered
    ]
    return Stages(corpus.title, columns, rows)


def _measured(run: RunResults, split: str) -> list[tuple[metrics.Metric, str, float]]:
    scores = run.scores[run.scores["split"] == split]
    measured = []
    for name, value in zip(scores["metric"], scores["value"], strict=True):
        staged = metrics.at_stage(name)
        if staged is not None and np.isfinite(value):
            measured.append((*staged, float(value)))
    return measured
