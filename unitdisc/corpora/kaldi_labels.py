"""The labels of a Kaldi data directory: of its utterances, or of the recordings that its utterances are segments of.

They may be more than fit in memory, and are put in order some utterances at a time.
"""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unitdisc.choices import LabelFormat
from unitdisc.corpora.kaldi_folder import DataFolder, Recording, channel_number
from unitdisc.formats.label_spool import LabelSpool
from unitdisc.formats.label_table import LabelTable, described, spellings_of
from unitdisc.formats.labels import spooled
from unitdisc.formats.text import close, digits, plain_name, read_fields

if TYPE_CHECKING:
    import pandas as pd

Names = Sequence[str]  # of the owners of rows


@dataclass(frozen=True)  # without slots, for cached properties
class KaldiLabels:
    """The labels of utterances, with their ``durations`` (s), in a ``file`` of a data directory, cut at their ends.

    Its times may be those of recordings of which the utterances are ``segments``. A label of an utterance that is
    neither in the ``manifest`` nor ``left_out`` is an InputError; without a manifest such labels do not count.
    """

    folder: DataFolder
    file: Path
    manifest: str | None
    durations: Mapping[str, float]
    segments: Mapping[str, Recording]
    left_out: Set[str] = frozenset()
    spellings: dict[str, str] = field(default_factory=dict)  # of labels by the plain ones, known when all were yielded

    def __iter__(self) -> "Iterator[pd.DataFrame]":
        """Yield the labels of some utterances at a time, in the order of their names; see ``LabelTable.rows``."""
        folder = self.folder
        spool, names = self._read()
        for rows in self._of_segments(spool, names) if self._whole else self._own(spool, names):
            table = LabelTable(rows, [self.file], {}).ordered(folder.notices)
            durations = {name: round(self.durations[name], digits) for name in among(rows, self.durations)}
            yield table.within(durations, folder.slack, folder.notices).rows
        self.spellings.update(spellings_of(spool.labels))

    @cached_property
    def _whole(self) -> Set[str]:
        """The recordings that are no utterances themselves."""
        return self.folder.whole.keys() - self.durations.keys()

    @cached_property
    def _known(self) -> Collection[str]:
        folder = self.folder
        others = (self._whole, folder.lost, folder.unreadable.errors.keys(), self.left_out)
        return self.durations.keys() | set().union(*others) if any(others) else self.durations.keys()

    def _read(self) -> tuple[LabelSpool, Names]:
        kind: LabelFormat = "text_ali" if self.file.name == "text_ali" else "ctm"
        return spooled(self.file, kind, known=self._known, aliases=self._aliases(), notices=self.folder.notices)

    def _own(self, spool: LabelSpool, names: Names) -> "Iterator[pd.DataFrame]":
        """Yield the labels of utterances."""
        for table in self._checked(spool, names):
            yield of_any(table.rows, self.durations)

    def _checked(self, spool: LabelSpool, names: Names) -> Iterator[LabelTable]:
        for rows in spool.by_utterance(names):
            table = LabelTable(rows, [self.file], {}).ordered(self.folder.notices, by_channel=True)
            if self.manifest is not None:
                self.folder.strays.check(table, among(table.rows, self._known), f"is not in {self.manifest}")
            yield table

    def _of_segments(self, spool: LabelSpool, names: Names) -> "Iterator[pd.DataFrame]":
        """Yield the labels of utterances, those of recordings among them, which lie in any order."""
        placed, folder = LabelSpool(), self.folder
        from_zero = any(
            channel == "0" and name in self._whole for (_, channel), name in zip(spool.owners, names, strict=True)
        )
        for table in self._checked(spool, names):
            placed.add_frame(of_any(table.rows, self.durations))
            of_whole = of_any(table.rows, self._whole)
            if len(of_whole):
                whole = replace(table, rows=of_whole).within(folder.whole, folder.slack, folder.notices)
                placed.add_frame(self._cut(whole.rows, first_channel=0 if from_zero else 1))
        return placed.by_utterance(placed.utterances)

    def _aliases(self) -> dict[tuple[str, str], str]:
        """Return the recording that reco2file_and_channel has for a file and its channel."""
        path = self.folder.path / "reco2file_and_channel"
        rows = [fields for _, fields in read_fields(path, least=3)] if path.exists() else []
        return {(plain_name(row[1]), row[2]): plain_name(row[0]) for row in rows if len(row) == 3}

    @cached_property
    def _segments(self) -> Mapping[str, list[tuple[str, Recording]]]:
        """The utterances of each recording."""
        of: dict[str, list[tuple[str, Recording]]] = {}
        for name, segment in self.segments.items():
            of.setdefault(segment.recording, []).append((name, segment))
        return of

    def _cut(self, labels: "pd.DataFrame", *, first_channel: int) -> "pd.DataFrame":
        """Return the labels of recordings as those of the segments, and channels, in which their middles lie.

        Some programs count channels from 0.
        """
        import pandas as pd

        middle = (labels["start"] + labels["end"]).to_numpy() / 2
        rows_of = labels.groupby("utterance").indices
        numbers = labels["channel"].map(partial(channel_number, first=first_channel)).to_numpy()
        several = labels.groupby("utterance")["channel"].nunique() > 1
        used = np.zeros(len(labels), dtype=bool)
        parts = [labels.iloc[:0]]
        for name, segment in (each for recording in rows_of for each in self._segments.get(str(recording), ())):
            rows = np.asarray(rows_of[segment.recording], dtype=np.int64)
            rows = rows[(middle[rows] >= segment.start) & (middle[rows] < segment.start + segment.duration)]
            if segment.channel and several.get(segment.recording, False):
                rows = rows[numbers[rows] == channel_number(segment.channel, first=0)]
            used[rows] = True
            part = labels.iloc[rows]
            times = {
                column: (part[column] - segment.start).clip(0, segment.duration).round(digits)
                for column in ("start", "end")
            }
            parts.append(part.assign(utterance=name, **times))
            self._notice_crossing(part, times)
        if not used.all():
            what = described(labels, int(np.argmin(used)))
            self.folder.notices.add("labels outside every segment, left out", what, int((~used).sum()))
        return pd.concat(parts, ignore_index=True)

    def _notice_crossing(self, part: "pd.DataFrame", times: "Mapping[str, pd.Series]") -> None:
        crossing = np.abs((part["end"] - part["start"]) - (times["end"] - times["start"])).to_numpy() > close
        if crossing.any():
            what = described(part, int(np.argmax(crossing)))
            self.folder.notices.add("labels that cross the end of a segment, cut there", what, int(crossing.sum()))


def among(rows: "pd.DataFrame", names: Container[str]) -> list[str]:
    """Return the utterances of rows that are in ``names``, which may be far more."""
    return [name for name in rows["utterance"].unique() if name in names]


def of_any(rows: "pd.DataFrame", names: Container[str]) -> "pd.DataFrame":
    """Return the rows of the utterances that are in ``names``."""
    return rows[rows["utterance"].isin(among(rows, names))]
