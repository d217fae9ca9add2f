"""Parquet: one row per token or run, for pandas, DuckDB and Hugging Face datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unitdisc.files import replacing
from unitdisc.records import UnitSequence
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, grouped
from unitdisc.units.runs import Spans

if TYPE_CHECKING:
    import pyarrow as pa

group_rows = 500_000  # in memory at a time; utterances are never split


class Parquet(Export):
    """One row per token or run."""

    read_by = "pandas, DuckDB, Hugging Face datasets"
    packages = ("pyarrow",)

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.parquet``: utterance, speaker, split, unit, start, end (seconds or columns), label.

        The label is the one that the unit maps to, null without a mapping.
        """
        import pyarrow.parquet as pq

        with replacing(folder / f"{part.split}.parquet") as temporary, pq.ParquetWriter(temporary, _schema()) as writer:
            for group in grouped(part.spans(), group_rows):
                writer.write_table(_table(part, group))


def _schema() -> "pa.Schema":
    import pyarrow as pa

    times = [("start", pa.float64()), ("end", pa.float64())]
    texts = [(name, pa.string()) for name in ("utterance", "speaker", "split")]
    return pa.schema([*texts, ("unit", pa.int32()), *times, ("label", pa.string())])


def _table(part: ExportSplit, group: list[tuple[UnitSequence, Spans]]) -> "pa.Table":
    import pyarrow as pa

    names = [sequence.utterance for sequence, _ in group]
    utterance_index = np.repeat(np.arange(len(group)), [len(spans.units) for _, spans in group])
    empty = Spans(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    all_spans = [empty, *(spans for _, spans in group)]
    units, start, end = (np.concatenate([getattr(s, name) for s in all_spans]) for name in ("units", "start", "end"))
    columns = {
        "utterance": pa.array(names, pa.string()).take(pa.array(utterance_index)),
        "speaker": pa.array([part.utterances[name].speaker for name in names], pa.string()).take(
            pa.array(utterance_index)
        ),
        "split": pa.repeat(pa.scalar(part.split, pa.string()), len(units)),
        "unit": pa.array(units, pa.int32()),
        "start": pa.array(start),
        "end": pa.array(end),
        "label": pa.nulls(len(units), pa.string())
        if part.meanings is None
        else pa.array(part.meanings, pa.string()).take(pa.array(units)),
    }
    return pa.table(columns, schema=_schema())
