"""The scores of all runs in one tidy table, and the few of them that are looked at first."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from unitdisc import tables
from unitdisc.config import AnyModel, Experiment, VQModel, split_names

headline = {
    "many_to_one_heldout": "accuracy",  # mapping fitted on train
    "many_to_one": "acc. (own)",  # mapping fitted on the split itself
    "one_to_one": "one-to-one",
    "nmi": "NMI",
    "units_used": "units",
    "perplexity": "perplexity",
    "bitrate": "bitrate",
    "phone_error_rate": "PER",  # of a model with objective ctc
}
majority = "majority_heldout"
compared = {  # metrics of the stages of a run
    "abx_{}_within": "ABX error within",
    "abx_{}_across": "ABX error across",
    "probe_linear_{}": "linear probe",
    "probe_mlp_{}": "two-layer probe",
}
stage_titles = {
    "features": "features",
    "encoder": "encoder",
    "codes": "codes",
    "units_identical": "units",
    "units_levenshtein": "collapsed",
}


@dataclass(frozen=True, slots=True)
class RunScore:
    """One metric of one split of one run; see ``tables.Score``."""

    corpus: str
    model: str
    seed: int
    split: str
    metric: str
    value: float
    low: float
    high: float
    n: int


def gather(experiment: Experiment) -> Iterator[RunScore]:
    """Yield the scores of every run of an experiment, in the order of the configuration.

    The tables of ABX and of probes are read where the configuration asks for them.
    """
    for corpus, models in experiment.runs.items():
        for model in models:
            for seed in experiment.seeds:
                folder = experiment.results / corpus / model / f"seed{seed}"
                for split in split_names(experiment.corpora[corpus]):
                    for name in _tables(experiment, experiment.models[model], split):
                        for score in tables.read_records(folder / name, tables.Score):
                            row = (score.metric, score.value, score.low, score.high, score.n)
                            yield RunScore(corpus, model, seed, split, *row)


def _tables(experiment: Experiment, model: AnyModel, split: str) -> Iterator[str]:
    scoring = experiment.scoring
    yield f"{split}.scores.tsv"
    if isinstance(model, VQModel) and model.recognises and split != "train":
        yield f"{split}.ctc.tsv"
    if scoring.abx is not None and split in scoring.abx.splits:
        yield f"{split}.abx.tsv"
    if scoring.probes is not None and split == "test":
        yield "probe.scores.tsv"


def summary(scores: pd.DataFrame, split: str) -> str:
    """Return a text table of the headline metrics of a split: a row a corpus and model, seeds as mean (low–high)."""
    chosen = scores[scores["split"] == split]
    shown = {metric: title for metric, title in headline.items() if (chosen["metric"] == metric).any()}
    rows = [["corpus", "model", *shown.values()]]
    for (corpus, model), run in chosen.groupby(["corpus", "model"], sort=False):
        rows.append([str(corpus), str(model), *(_cell(run, metric) for metric in shown)])
    for corpus, run in chosen[chosen["metric"] == majority].groupby("corpus", sort=False):
        rows.append([str(corpus), "(majority label)", f"{run['value'].iloc[0]:.3f}", *[""] * (len(shown) - 1)])
    order = {corpus: place for place, corpus in enumerate(chosen["corpus"].unique())}
    rows[1:] = sorted(rows[1:], key=lambda row: order[row[0]])
    return _aligned(rows, texts=2)


def stages(scores: pd.DataFrame, split: str) -> str:
    """Return a text table of ABX and probes at each stage of the runs, means over seeds; empty where there are none."""
    chosen = scores[scores["split"] == split]
    rows: list[list[str]] = []
    for (corpus, model), run in chosen.groupby(["corpus", "model"], sort=False):
        means = run.groupby("metric")["value"].mean()
        for pattern, title in compared.items():
            cells = [means.get(pattern.format(stage)) for stage in stage_titles]
            if any(cell is not None for cell in cells):
                rows.append(
                    [str(corpus), str(model), title, *("" if cell is None else f"{cell:.3f}" for cell in cells)]
                )
    return _aligned([["corpus", "model", "measure", *stage_titles.values()], *rows], texts=3) if rows else ""


def _aligned(rows: list[list[str]], *, texts: int) -> str:
    """Set rows in columns, the first ``texts`` of them to the left and the rest, numbers, to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < texts else cell.rjust(width) for place, (cell, width) in enumerate(cells)
        )
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _cell(run: pd.DataFrame, metric: str) -> str:
    values = run.loc[run["metric"] == metric, "value"]
    if values.empty:
        return ""
    mean, low, high = values.mean(), values.min(), values.max()
    digits = 0 if metric == "units_used" else 1 if metric in ("perplexity", "bitrate") else 3
    return f"{mean:.{digits}f}" + (f" ({low:.{digits}f}–{high:.{digits}f})" if len(values) > 1 else "")
