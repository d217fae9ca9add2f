"""Parquet with a row per utterance, and the card with which the Hugging Face Hub shows it as a data set."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unitdisc.files import replacing, writing
from unitdisc.records import UnitSequence
from unitdisc.tokens import stacked
from unitdisc.units.exports.data_card import card
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, Origin, grouped
from unitdisc.units.exports.parquet import units_array
from unitdisc.units.runs import Runs

if TYPE_CHECKING:
    import pyarrow as pa

group_units = 500_000  # in memory at a time; utterances are never split

_label = ("start", "end", "label")
Group = list[tuple[UnitSequence, Runs]]


class ParquetUtterances(Export):
    """One row per utterance: lists of its units, their durations and its labels, with a data set card."""

    several = True
    read_by = "Hugging Face datasets, DuckDB, pandas"
    packages = ("pyarrow",)

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.parquet``: utterance, audio (or image), speaker, split, duration, frame_shift, and lists.

        The lists are units, durations (in tokens), and labels of start, end and label, null without labels. Times are
        in seconds, columns or patches. A unit of several codebooks is itself a list. Images have ``grid`` too, a list
        of rows and columns. A corpus with transcripts has ``text``, null where there is none.
        """
        import pyarrow.parquet as pq

        schema = _schema(part)
        with replacing(folder / f"{part.split}.parquet") as temporary, pq.ParquetWriter(temporary, schema) as writer:
            for group in grouped(part.runs(), group_units):
                writer.write_table(_table(part, group, schema))

    def finish(self, folder: Path, origin: Origin) -> None:
        """Write the card, README.md."""
        import pyarrow.parquet as pq

        rows = {split: pq.read_metadata(folder / f"{split}.parquet").num_rows for split in origin.splits}
        with writing(folder / "README.md") as file:
            file.write(card(origin, rows))


def _schema(part: ExportSplit) -> "pa.Schema":
    import pyarrow as pa

    unit = pa.int32() if part.indices == 1 else pa.list_(pa.int32())
    label = pa.struct([("start", pa.float64()), ("end", pa.float64()), ("label", pa.string())])
    return pa.schema(
        [
            *((name, pa.string()) for name in ("utterance", part.modality.source, "speaker", "split")),
            ("duration", pa.float64()),
            ("frame_shift", pa.float64()),
            ("units", pa.list_(unit)),
            ("durations", pa.list_(pa.int32())),
            ("labels", pa.list_(label)),
            *([("text", pa.string())] if part.transcribed else []),
            *([] if part.grid is None else [("grid", pa.list_(pa.int32()))]),
        ]
    )


def _table(part: ExportSplit, group: Group, schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    utterances = [part.utterances[sequence.utterance] for sequence, _ in group]
    offsets = pa.array(np.cumsum([0, *(len(runs.units) for _, runs in group)]), pa.int32())
    units = part.rows(stacked(runs.units for _, runs in group))
    lengths = stacked(runs.lengths for _, runs in group)
    lists = {
        name: pa.ListArray.from_arrays(offsets, units_array(rows))
        for name, rows in (("units", units), ("durations", lengths))
    }
    columns = {
        "utterance": pa.array([each.utterance for each in utterances], pa.string()),
        part.modality.source: pa.array([each.source for each in utterances], pa.string()),
        "speaker": pa.array([each.speaker for each in utterances], pa.string()),
        "split": pa.repeat(pa.scalar(part.split, pa.string()), len(group)),
        "duration": pa.array([each.duration for each in utterances], pa.float64()),
        "frame_shift": pa.array([sequence.frame_shift for sequence, _ in group], pa.float64()),
        **lists,
        "labels": _labels(part, [each.utterance for each in utterances], schema),
    }
    if part.transcribed:
        columns["text"] = pa.array([each.text or None for each in utterances], pa.string())
    if part.grid is not None:
        columns["grid"] = pa.array([sequence.grid for sequence, _ in group], pa.list_(pa.int32()))
    return pa.table(columns, schema=schema)


def _labels(part: ExportSplit, utterances: list[str], schema: "pa.Schema") -> "pa.Array":
    """Return the labels of each utterance as a list, null where there are none."""
    import pyarrow as pa

    of = schema.field("labels").type
    found = [part.labels.get(utterance) or None for utterance in utterances]
    offsets = np.cumsum([0, *(len(labels or ()) for labels in found)]).tolist()
    starts = [at if labels else None for at, labels in zip(offsets, found, strict=False)]
    flat = [label for labels in found for label in labels or ()]
    values = [pa.array([getattr(label, name) for label in flat], of.value_type.field(name).type) for name in _label]
    return pa.ListArray.from_arrays(
        pa.array([*starts, offsets[-1]], pa.int32()),
        pa.StructArray.from_arrays(values, fields=list(of.value_type)),
        type=of,
    )
