"""What is lost on the way from features to units: ABX errors and probes at every stage of a run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unitdisc.report.results import Corpus, Run

order = ("features", "encoder", "codes", "units_identical", "units_levenshtein")  # as a run goes; others come last
measures = {
    r"abx_(\w+)_within": "ABX error % within speakers",
    r"abx_(\w+)_across": "ABX error % across speakers",
    r"probe_linear_(\w+)": "linear probe %",
    r"probe_mlp_(\w+)": "two-layer probe %",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A model by one measure: its mean over seeds at each stage, as text, empty where it has none."""

    model: str
    measure: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a corpus's runs from left to right, and what each measure says of them."""

    corpus: str
    stages: list[str]
    rows: list[Row]


def tables(corpora: Sequence[Corpus], split: str) -> list[Stages]:
    """Return a table a corpus that has any of the measures on ``split``."""
    found = [_table(corpus, split) for corpus in corpora]
    return [table for table in found if table.rows]


def _table(corpus: Corpus, split: str) -> Stages:
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for run in corpus.runs:
        for measure, stage, value in _measured(run, split):
            values.setdefault((run.name, measure), {}).setdefault(stage, []).append(value)
    known = {stage for by_stage in values.values() for stage in by_stage}
    stages = [stage for stage in order if stage in known] + sorted(known - set(order))
    rows = [
        Row(model, measure, [f"{100 * np.mean(by_stage[s]):.1f}" if s in by_stage else "" for s in stages])
        for (model, measure), by_stage in values.items()
    ]
    return Stages(corpus.title, stages, sorted(rows, key=lambda row: list(measures.values()).index(row.measure)))


def _measured(run: Run, split: str) -> list[tuple[str, str, float]]:
    mine = run.scores[run.scores["split"] == split]
    found = []
    for metric, value in zip(mine["metric"], mine["value"], strict=True):
        for pattern, measure in measures.items():
            if (match := re.fullmatch(pattern, metric)) and np.isfinite(value):
                found.append((measure, match[1], float(value)))
    return found
