"""Labels of a table corpus: in the cells of a column, or in files that the cells name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from unitdisc.choices import LabelFormat
from unitdisc.corpora.table_rows import Row
from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable, described, joined
from unitdisc.formats.labels import read_label_table
from unitdisc.formats.row_tables import number_of, text_of
from unitdisc.formats.text import close, digits
from unitdisc.notices import Notices

form = "labels are neither a list of objects with start, end and label, nor the path of a file of labels"


@dataclass(frozen=True, slots=True)
class TableLabels:
    """How labels are read: the format and tier of their files, and by how much they may overlap and pass the end."""

    label_format: LabelFormat | None
    tier: str | None
    overlap: float
    slack: float
    notices: Notices

    def read(self, rows: Mapping[str, Row], durations: Mapping[str, float]) -> LabelTable | None:
        """Return the labels of the rows, by utterance, counted from the start of its part; None if there are none.

        Raises InputError naming file and line for what does not fit.
        """
        files: dict[Path, list[str]] = defaultdict(list)
        inside: list[str] = []
        for name, row in rows.items():
            if isinstance(row.labels, str):
                files[Path(row.labels)].append(name)
            elif row.labels is not None:
                inside.append(name)
        parts = [self._of_file(path, names) for path, names in files.items()]
        parts += [_of_cells([rows[name] for name in inside])] if inside else []
        if not parts:
            return None
        table = joined(parts).ordered(self.notices, overlap=self.overlap)
        is_part = {name: row.is_part for name, row in rows.items()}
        of_part = table.rows["utterance"].map(is_part).to_numpy(bool)
        whole = replace(table, rows=table.rows[~of_part]).within(durations, self.slack, self.notices)
        starts = {name: row.start or 0.0 for name, row in rows.items()}
        return replace(table, rows=pd.concat([whole.rows, self._cut(table.rows[of_part], starts, durations)]))

    def _of_file(self, path: Path, names: Sequence[str]) -> LabelTable:
        """Return the labels of a file for each utterance that names it: its own, or all if the file has but one."""
        table = read_label_table(
            path, self.label_format, tier=self.tier, known=names, notices=self.notices, overlap=self.overlap
        )
        owned = {str(owner): rows for owner, rows in table.rows.groupby("utterance")}
        alone = next(iter(owned.values())) if len(owned) == 1 else None
        found = [(name, owned.get(name, alone)) for name in names]
        parts = [rows.assign(utterance=name) for name, rows in found if rows is not None]
        if not parts and owned:
            raise InputError(f"holds no labels of utterance {names[0]!r}", path, fix="name a file that has them")
        return replace(table, rows=pd.concat(parts, ignore_index=True) if parts else table.rows)

    def _cut(self, rows: pd.DataFrame, starts: Mapping[str, float], durations: Mapping[str, float]) -> pd.DataFrame:
        """Return the labels whose middle lies in the part of their recording, cut at its ends."""
        first, last = (rows["utterance"].map(of).to_numpy(float) for of in (starts, durations))
        middle = (rows["start"] + rows["end"]).to_numpy() / 2 - first
        inside = (middle >= 0) & (middle < last)
        rows, first, last = rows[inside], first[inside], last[inside]
        times = {name: np.clip(rows[name] - first, 0, last).round(digits) for name in ("start", "end")}
        lost = (rows["end"] - rows["start"]) - (times["end"] - times["start"])
        crossing = np.flatnonzero(lost.to_numpy() > close)
        if len(crossing):
            what = described(rows, int(crossing[0]))
            self.notices.add("labels that cross the end of a segment, cut there", what, len(crossing))
        return rows.assign(**times)


def _of_cells(rows: Sequence[Row]) -> LabelTable:
    files = list(dict.fromkeys(row.table for row in rows))
    number = {path: at for at, path in enumerate(files)}
    columns = ("file", "line", "utterance", "start", "end", "label")
    frame = pd.DataFrame(
        [(number[row.table], row.line, row.utterance, *cells) for row in rows for cells in _cells(row)],
        columns=columns,
    )
    frame = frame.astype({"utterance": "str", "label": "str", "start": float, "end": float})
    return LabelTable(frame.assign(channel=""), files, {})


def _cells(row: Row) -> Iterator[tuple[float, float, str]]:
    for each in row.labels if isinstance(row.labels, list) else [row.labels]:
        try:
            if not isinstance(each, dict):
                raise InputError(form)
            start, end = (number_of(each.get(name), name) for name in ("start", "end"))
            if start is None or end is None:
                raise InputError(form)
            yield start, end, text_of(each.get("label"), "label")
        except InputError as error:
            raise InputError(str(error), row.table, row.line) from None
