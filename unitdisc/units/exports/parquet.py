"""Parquet: one row per token or run, for pandas, DuckDB and Hugging Face datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.files import replacing
from unitdisc.records import UnitSequence
from unitdisc.tokens import stacked
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, grouped
from unitdisc.units.runs import Spans

if TYPE_CHECKING:
    import pyarrow as pa

group_rows = 500_000  # in memory at a time; utterances are never split


class Parquet(Export):
    """One row per token or run."""

    several = True
    read_by = "pandas, DuckDB, Hugging Face datasets"
    packages = ("pyarrow",)

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.parquet``: utterance, speaker, split, unit, start, end (seconds or columns), label.

        The label is the one that the unit maps to, null without a mapping. A unit of several codebooks is a list of
        indices. Images have the column ``grid`` too, a list of rows and columns; their times are places in the grid,
        row by row.
        """
        import pyarrow.parquet as pq

        schema = _schema(part)
        with replacing(folder / f"{part.split}.parquet") as temporary, pq.ParquetWriter(temporary, schema) as writer:
            for group in grouped(part.spans(), group_rows):
                writer.write_table(_table(part, group))


def _schema(part: ExportSplit) -> "pa.Schema":
    import pyarrow as pa

    unit = pa.int32() if part.indices == 1 else pa.list_(pa.int32())
    grid = [] if part.grid is None else [("grid", pa.list_(pa.int32()))]
    times = [("start", pa.float64()), ("end", pa.float64())]
    texts = [(name, pa.string()) for name in ("utterance", "speaker", "split")]
    return pa.schema([*texts, ("unit", unit), *times, ("label", pa.string()), *grid])


def _table(part: ExportSplit, group: list[tuple[UnitSequence, Spans]]) -> "pa.Table":
    import pyarrow as pa

    names = [sequence.utterance for sequence, _ in group]
    utterance_index = np.repeat(np.arange(len(group)), [len(spans.units) for _, spans in group])
    units = part.rows(stacked(spans.units for _, spans in group))
    start, end = (np.concatenate([np.zeros(0), *(getattr(s, name) for _, s in group)]) for name in ("start", "end"))
    columns = {
        "utterance": pa.array(names, pa.string()).take(pa.array(utterance_index)),
        "speaker": pa.array([part.utterances[name].speaker for name in names], pa.string()).take(
            pa.array(utterance_index)
        ),
        "split": pa.repeat(pa.scalar(part.split, pa.string()), len(units)),
        "unit": units_array(units),
        "start": pa.array(start),
        "end": pa.array(end),
        "label": pa.nulls(len(units), pa.string())
        if part.meanings is None
        else pa.array(part.meanings, pa.string()).take(pa.array(units)),
    }
    if part.grid is not None:
        grids = pa.array([sequence.grid for sequence, _ in group], pa.list_(pa.int32()))
        columns["grid"] = grids.take(pa.array(utterance_index))
    return pa.table(columns, schema=_schema(part))


def units_array(units: Ints) -> "pa.Array":
    """Return units (R,) as numbers, or (R, G) as a list of indices each."""
    import pyarrow as pa

    numbers = pa.array(units.ravel().astype(np.int32))
    if units.ndim == 1:
        return numbers
    return pa.ListArray.from_arrays(pa.array(np.arange(len(units) + 1) * units.shape[1], pa.int32()), numbers)
