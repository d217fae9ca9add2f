"""A table as a corpus: each row an utterance, with the path of its file and, if need be, what else is known of it."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.choices import Durations, silences
from unitdisc.config import AnyFeatures, DividedSettings, InOrder, Split, Splits
from unitdisc.config import splits as all_splits
from unitdisc.config.corpora import excluded
from unitdisc.config.division import default_shares, names_of, shares_of
from unitdisc.config.features import Sources
from unitdisc.corpora.cuts import cut
from unitdisc.corpora.folder_labels import AlignedSettings, counted_labels
from unitdisc.corpora.image_lengths import image_length
from unitdisc.corpora.reader import CorpusReader
from unitdisc.corpora.shares import divided
from unitdisc.corpora.splits import usual
from unitdisc.corpora.table_labels import TableLabels
from unitdisc.corpora.table_rows import Column, Layout, Row, columns
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.files import is_a_file
from unitdisc.formats import audio
from unitdisc.formats.audio_source import Part
from unitdisc.formats.label_table import frame_overlap
from unitdisc.formats.text import digits, plain_name
from unitdisc.records import Label, Utterance


class TableSettings(AlignedSettings, DividedSettings):
    """A table (TSV, CSV, JSON lines or Parquet) with a row for each recording, part of a recording, or line image."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images", "colour images")

    kind: Literal["table"] = "table"
    table: Path | Annotated[dict[Split, Path | tuple[Path, ...]], InOrder] = Field(
        description="The table, or by split one or several."
    )
    columns: dict[Column, str] = Field(
        {}, description="What the table calls its columns, where they have other names; only path is needed."
    )
    root: Path | None = Field(
        None, description="The folder that paths are in, if it is neither that of the table nor the working directory."
    )
    splits: Splits | None = Field(
        None,
        description="The share of each split, or its values in the column split. By default that column with the "
        "usual values or, if there is none, shares of 0.8, 0.1 and 0.1.",
    )
    durations: Durations = Field(
        "measured",
        description="measured opens every file; table trusts the column duration, or start and end, and opens none.",
    )
    exclude: tuple[str, ...] = Field((*silences, "_"), description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    features: AnyFeatures = Field(
        {"kind": "speech"}, validate_default=True, description="speech, ssl, handwriting or images."
    )

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that have tables, or are set; otherwise all."""
        if isinstance(self.table, dict):
            return tuple(self.table)
        return all_splits if self.splits is None else tuple(self.splits)

    @property
    def tables(self) -> list[tuple[Split | None, Path]]:
        """Every table, with its split if it has one."""
        if isinstance(self.table, Path):
            return [(None, self.table)]
        several = [(split, (of,) if isinstance(of, Path) else of) for split, of in self.table.items()]
        return [(split, Path(os.path.expanduser(path))) for split, of in several for path in of]  # noqa: PTH111 (no such user: as is)

    @model_validator(mode="after")
    def _split_once(self) -> "TableSettings":
        if isinstance(self.table, dict) and (self.splits is not None or "split" in self.columns):
            raise ValueError("table names the tables of each split, so splits and a column split have no use")
        return self


class TableCorpus(CorpusReader):
    """Reads a corpus that a table lists."""

    Settings = TableSettings
    settings: TableSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read every row as an utterance, and its labels; all times of a row are those of its file.

        Raises InputError naming file and line for whatever does not fit.
        """
        rows, chosen = self._rows()
        parts = self._measured(rows)
        self.settle()
        chosen = chosen or self._divided(rows, parts)
        durations = {name: round(part.end - part.start, digits) for name, part in parts.items() if part.end is not None}
        durations = self.long_enough(durations, durations)
        utterances = []
        for name, duration in durations.items():
            row, speaker = rows[name], plain_name(rows[name].speaker)
            self.spelling_of_name[name] = row.spelling or name
            self.spelling_of_speaker[speaker] = row.speaker
            source = str(parts[name]) if row.is_part else row.source
            utterances.append(Utterance(name, chosen[name], speaker or name, source, duration, row.text))
        return utterances, self._labels({name: rows[name] for name in durations}, durations)

    @property
    def location(self) -> Path:
        """The first table."""
        return self.settings.tables[0][1]

    def files(self) -> list[Path]:
        """Return the tables that exist."""
        return [path for _, path in self.settings.tables if path.is_file()]

    def sources(self) -> Iterable[Path]:
        """Return the files that the tables name, those of labels included."""
        layout = Layout(self.settings.columns, ("path", "labels"), root=self.settings.root)
        rows = [row for _, path in self.settings.tables for row in layout.read(path, Unreadable())]
        listed = dict.fromkeys(row.source for row in rows)
        return map(Path, listed | dict.fromkeys(row.labels for row in rows if isinstance(row.labels, str)))

    def _rows(self) -> tuple[dict[str, Row], dict[str, str]]:
        """Return the rows of splits by utterance, and the split of each; the latter is empty if splits are shares."""
        plan, rows = self.settings, dict[str, Row]()
        named = names_of(plan.splits) if plan.splits is not None else dict(usual)
        split_of = {value: split for split, values in named.items() for value in values}
        chosen: dict[str, str] = {}
        for split, path in plan.tables:
            wanted = columns if split is None and named else [name for name in columns if name != "split"]
            needed: Sequence[Column] = ("path", "split") if plan.splits is not None else ("path",)
            for row in Layout(plan.columns, wanted, needed, plan.root).read(path, self.unreadable):
                if row.utterance in rows:
                    first = rows[row.utterance]
                    where = f"line {first.line}" + ("" if first.table == path else f" of {first.table}")
                    raise InputError(f"{row.utterance!r} occurs twice, first on {where}", path, row.line)
                rows[row.utterance] = row
                if split or row.split in split_of:
                    chosen[row.utterance] = split or split_of[row.split]
        if not rows and not self.unreadable.errors:
            raise InputError("has no rows", self.location)
        if named and (plan.splits is not None or any(row.split for row in rows.values())):
            return self._of_splits(rows, chosen), chosen
        return rows, chosen

    def _of_splits(self, rows: dict[str, Row], chosen: Mapping[str, str]) -> dict[str, Row]:
        """Return the rows whose split is ``chosen``; raises InputError if there are none."""
        unused = [name for name in rows if name not in chosen]
        if unused and not chosen:
            values = ", ".join(sorted({repr(row.split) for row in rows.values()})[:8])
            fix = "map them, such as splits: {train: A, test: [B, C]}"
            raise InputError(f"has no row of the splits; its column split has {values}", self.location, fix=fix)
        if unused:
            first = rows[unused[0]]
            self.notices.add("rows that are in no split, left out", f"{unused[0]!r} in {first.split!r}", len(unused))
        return {name: row for name, row in rows.items() if name in chosen}

    def _divided(self, rows: Mapping[str, Row], parts: Mapping[str, Part]) -> dict[str, str]:
        plan = self.settings
        spans = {name: (part.end or 0.0) - part.start for name, part in parts.items()}
        sizes = {name: spans.get(name, 0.0) if plan.split_size == "duration" else 1.0 for name in rows}
        files = {name: row.source for name, row in rows.items()}
        speakers = {name: row.speaker or row.source for name, row in rows.items()}
        shares = shares_of(default_shares if plan.splits is None else plan.splits)
        return divided(speakers, files, sizes, shares, by=plan.split_by, seed=plan.seed, notices=self.notices)

    def _measured(self, rows: Mapping[str, Row]) -> dict[str, Part]:
        """Return the part of its file that each row is, with its end; faults are kept in ``unreadable``."""
        lengths, slack = dict[str, float | InputError](), self.slack
        parts: dict[str, Part] = {}
        for name, row in rows.items():
            with self.unreadable.caught(name, row.table, row.line):
                if isinstance(row.labels, str) and not Path(row.labels).is_file():
                    raise InputError("no such file of labels", row.labels)
                parts[name] = self._part(row, lengths, slack)
        return parts

    def _part(self, row: Row, lengths: dict[str, float | InputError], slack: float) -> Part:
        if row.is_part and self.settings.features.needs != "recordings":
            raise InputError("an image cannot be cut: start and end are for recordings")
        if self.settings.durations == "table":
            return _trusted(row)
        if row.source not in lengths:
            try:
                lengths[row.source] = self._length(row.source)
            except InputError as error:
                lengths[row.source] = error
        length = lengths[row.source]
        if isinstance(length, InputError):
            raise length
        start, end = row.start or 0.0, length if row.end is None else row.end
        return Part(row.source, start, cut(row.source, length, start, end, slack, self.notices))

    def _length(self, source: str) -> float:
        """Return the duration of a recording in seconds, or the length of an image."""
        if not is_a_file(source):
            raise InputError("no such file", source)
        if self.settings.features.needs != "recordings":
            return image_length(source, self.settings.features)
        duration, rate = audio.probe(source, notices=self.notices)
        if self.settings.sample_rate not in (None, rate):
            what = f"has a sample rate of {rate} Hz, but the corpus requires {self.settings.sample_rate} Hz"
            raise InputError(what, source)
        self.rates[rate] += 1
        return duration

    def _labels(self, rows: Mapping[str, Row], durations: Mapping[str, float]) -> list[Label]:
        plan = self.settings
        tier = None if plan.tier is None else str(plan.tier)
        overlap = max(frame_overlap, plan.features.shift)
        table = TableLabels(plan.label_format, tier, overlap, self.slack, self.notices).read(rows, durations)
        if table is None:
            return []
        labels = counted_labels(self, table).labels
        return [Label(*row) for row in zip(*(labels[column].tolist() for column in labels.columns), strict=True)]


def _trusted(row: Row) -> Part:
    """Return the part that a row says, without opening its file."""
    end = row.end if row.is_part else row.duration
    if end is None:
        raise InputError("says no duration, and durations are those of the table")
    if not Path(row.source).is_file():
        raise InputError("no such file", row.source)
    return Part(row.source, row.start or 0.0, end)
