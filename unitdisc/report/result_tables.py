"""The tables of a results folder as the report reads them, empty where a file does not exist."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from unitdisc import tables
from unitdisc.checksums import checked
from unitdisc.config import splits
from unitdisc.layout import Results, RunFolder
from unitdisc.records import RunScore, Score

Collected = Mapping[tuple[str, str, int], pd.DataFrame]  # scores by corpus, model and seed


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score with its 95 % interval, nan where there is none."""

    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


def table(path: Path, record: type) -> pd.DataFrame:
    """Read a table of records."""
    if path.exists():
        return tables.read(checked(path), record)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in record.__annotations__.items()})


def collected(results: Results) -> Collected:
    """Read the table of all runs, for runs whose own tables do not exist."""
    of_all = table(results.scores, RunScore)
    keys = ["corpus", "model", "seed"]
    rows_of = cast("Mapping[tuple[str, str, int], Any]", of_all.groupby(keys, sort=False).indices)
    return {key: of_all.iloc[rows].drop(columns=keys) for key, rows in rows_of.items()}


def scores(files: RunFolder) -> Iterator[pd.DataFrame]:
    """Yield the tables of scores of a run, each with the column split."""
    tables_of = (files.scores, files.abx, files.recognition, files.bits, files.fidelity)
    named = [(path(split), split) for split in splits for path in tables_of]
    for path, split in [*named, (files.probes, "test")]:
        if path.exists():
            yield tables.read(checked(path), Score).assign(split=split)


def no_scores() -> pd.DataFrame:
    """Return such a table without a row."""
    return pd.DataFrame({name: [] for name in ("split", "metric", "value", "low", "high", "n")})
