"""The files that a training leaves, as the report reads them: the description of the model and its epochs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from unitdisc import tables
from unitdisc.checksums import checked
from unitdisc.errors import InputError
from unitdisc.files import read_json
from unitdisc.guard import foreign
from unitdisc.training.record import Point

most_columns = 1_000  # of a table that we wrote; a training has some twenty


def description(path: Path) -> Mapping[str, Any]:
    """Read model.json; raises InputError for anything else."""
    content = read_json(checked(path))
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key) or {}, dict) for key in ("model", "source")
    ):
        raise InputError("does not describe a model", path, fix="train it again")
    return content


def curve(path: Path) -> pd.DataFrame:
    """Read curve.tsv; an empty table where there is none."""
    return tables.read(checked(path), Point) if path.exists() else tables.frame([], Point)


def own_table(path: Path) -> pd.DataFrame:
    """Read a table that we wrote, whose columns differ from run to run; raises ValueError for more than those can be.

    pandas takes seconds for ten thousands of columns, as a damaged file may have.
    """
    with path.open("rb") as file:
        if any(line.count(b"\t") >= most_columns for line in file):
            raise ValueError("has too many columns")
    return pd.read_csv(path, sep="\t")


def epochs(path: Path) -> pd.DataFrame:
    """Read training.tsv; raises InputError for anything else."""
    with foreign("is not the record of a training run", path, fix="train it again"):
        table = own_table(checked(path))
    if not all(is_numeric_dtype(kind) for kind in table.dtypes):
        raise InputError("is not the record of a training run", path, fix="train it again")
    return table
