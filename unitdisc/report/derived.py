"""What was made of the units: segments with their scores before and after, and acoustic pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc.errors import InputError
from unitdisc.report.results import Corpus, Run

compared = {  # metrics of a segmentation: what each is called, and its factor
    "boundary_f1_heldout": ("boundary F1 %", 100),
    "boundary_precision_heldout": ("boundary precision %", 100),
    "boundary_recall_heldout": ("boundary recall %", 100),
    "over_segmentation_heldout": ("over-segmentation %", 100),
    "r_value_heldout": ("R-value %", 100),
    "many_to_one_heldout": ("accuracy %", 100),
    "run_duration": ("stretch of a unit", 1),
    "bitrate_runs": ("bit rate of stretches", 1),
}
told = {  # figures of pieces
    "tokens_per_piece": ("tokens a piece", 1),
    "bitrate_units": ("bit rate of units", 1),
    "bitrate_pieces": ("bit rate of pieces", 1),
    "word_many_to_one_heldout": ("words by pieces %", 100),
    "word_many_to_one_heldout_units": ("words by units %", 100),
    "word_majority_heldout": ("commonest word %", 100),
}


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
    """The figures of a run's pieces, in the order of ``told``."""

    corpus: str
    run: str
    values: list[str]


def segments(corpora: Sequence[Corpus], split: str) -> list[Change]:
    """Return what segmentation changed, of the runs that have segments."""
    return [change for corpus in corpora for run in corpus.runs for change in _changes(corpus, run, split)]


def pieces(corpora: Sequence[Corpus], split: str) -> list[Pieces]:
    """Return the figures of the pieces, of the runs that have any."""
    found = []
    for corpus in corpora:
        for run in corpus.runs:
            table = _read(run, "pieces", split)
            values = dict(zip(table["metric"], table["value"], strict=True)) if len(table) else {}
            if values:
                texts = [_text(values.get(metric, np.nan), factor) for metric, (_, factor) in told.items()]
                found.append(Pieces(corpus.title, f"{run.name}, seed {run.seed}", texts))
    return found


def _changes(corpus: Corpus, run: Run, split: str) -> Iterator[Change]:
    table = _read(run, "segments", split)
    rows = {row["metric"]: row for row in table.to_dict("records")}
    for metric, (title, factor) in compared.items():
        if metric in rows:
            row = rows[metric]
            interval = f"{_text(row['low'], factor)} to {_text(row['high'], factor)}"
            yield Change(
                corpus=corpus.title,
                run=f"{run.name}, seed {run.seed}",
                metric=title,
                before=_text(row["before"], factor),
                after=_text(row["after"], factor),
                difference=f"{_text(row['difference'], factor)} ({interval})",
                better=str(row["better"]),
            )


def _read(run: Run, kind: str, split: str) -> pd.DataFrame:
    path = run.folder / "exports" / kind / "scores.tsv"
    if not path.exists():
        return pd.DataFrame({"metric": []})
    try:
        table = pd.read_csv(path, sep="\t")
        return table[table["split"] == split]
    except (ValueError, KeyError):
        raise InputError("is not a table of scores", path, fix=f"write it again: unitdisc {kind} --help") from None


def _text(value: float, factor: float) -> str:
    return "" if value != value else f"{factor * value:.3g}" if factor == 1 else f"{factor * value:.1f}"
