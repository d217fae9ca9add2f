"""Labels of one or several files: put in order, cut where they overlap by a frame, and cut to what they label."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unitdisc.arrays import Mask
from unitdisc.errors import InputError
from unitdisc.formats.text import close, digits, plain
from unitdisc.notices import Notices

if TYPE_CHECKING:
    import pandas as pd

Origin = tuple[Path | None, int | None]  # a file and a line, where they are known

latest = 1e12  # seconds or columns: beyond it, a float has no microseconds
frame_overlap = 0.01  # seconds: times that are rounded to frames may overlap by one


@dataclass(frozen=True, slots=True, eq=False)
class LabelTable:
    """Labels with their origin, and what the files say of where utterances end.

    ``rows`` has the columns file (an index of ``files``, or -1), line (0 where it is not known), utterance, start, end,
    label, and channel (empty where the format has none); ``ends`` has the end of a tier even if its last part has no
    label; ``spellings`` has the texts of labels that differ from the plain ones; ``strangers`` has the utterances that
    were not asked for, each with the file and line of its first label. Times are in seconds or columns.
    """

    rows: "pd.DataFrame"
    files: Sequence[Path]
    ends: Mapping[str, float]
    spellings: Mapping[str, str] = field(default_factory=dict)
    strangers: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def labels(self) -> "pd.DataFrame":
        """The labels: utterance, start, end, label, sorted by utterance and start."""
        return self.rows[["utterance", "start", "end", "label"]].reset_index(drop=True)

    def ordered(self, notices: Notices, *, overlap: float = frame_overlap, by_channel: bool = False) -> "LabelTable":
        """Return the labels with their texts made plain, in order and without overlaps.

        A label without text is none. One of no length is left out, and one that reaches into the next one by up to
        ``overlap`` is cut there, both with a notice. With ``by_channel``, those of different channels may overlap.
        Raises InputError for other faults of times.
        """
        rows, owner = self.rows, ["utterance", "channel"] if by_channel else ["utterance"]
        texts = rows["label"].unique()
        plain_of = {text: plain(text) for text in texts}
        rows = rows.assign(label=rows["label"].map(plain_of).astype("str"))
        rows = rows[rows["label"] != ""]
        times = rows[["start", "end"]].astype(float)
        self._refuse(rows, ~(np.abs(times.to_numpy()) < latest).all(axis=1), "has no time")
        rows = rows.assign(start=times["start"].round(digits), end=times["end"].round(digits))
        self._refuse(rows, (rows["start"] < 0).to_numpy(), "starts before 0")
        self._refuse(rows, (rows["end"] < rows["start"]).to_numpy(), "does not end after it starts")
        rows = self._with_length(rows, "labels of no length, left out", notices)
        rows = rows.sort_values([*owner, "start", "end"], kind="stable", ignore_index=True)
        start, end = rows["start"].to_numpy(), rows["end"].to_numpy(copy=True)
        owners = rows[owner].to_numpy()
        same = (owners[1:] == owners[:-1]).all(axis=1)
        shared = np.where(same, end[:-1] - start[1:], 0) if len(rows) else np.zeros(0)
        overlapping = np.append(False, shared > overlap + close)[: len(rows)]
        self._refuse(rows, overlapping, "overlaps the label before it", "take one tier or one channel per utterance")
        cut = np.flatnonzero(shared > close)
        end[cut] = start[cut + 1]
        self._notice(rows, cut, "labels that overlap the next one by up to a frame, cut there", notices)
        rows = self._with_length(rows.assign(end=end), "", notices)
        return replace(self, rows=rows, spellings={**self.spellings, **spellings_of(texts)})

    def within(self, durations: Mapping[str, float], slack: float, notices: Notices) -> "LabelTable":
        """Return the labels cut at the ends of their utterances, which they may pass by ``slack``, with a notice.

        Raises InputError for a label that passes the end by more.
        """
        rows = self.rows
        ends = rows["utterance"].map(durations).to_numpy(float)
        over = rows["end"].to_numpy() - ends
        past = over > slack + close
        if past.any():
            at = int(np.argmax(past))
            self._refuse(rows, past, f"lies past the end at {ends[at]:g}", "check that it is of this recording")
        after = rows["start"].to_numpy() > ends - close
        cut = np.flatnonzero((over > close) & ~after)
        self._notice(rows, cut, "labels past the end of their recording, cut there", notices)
        self._notice(rows, np.flatnonzero(after), "labels after the end of their recording, left out", notices)
        return replace(self, rows=self._with_length(rows.assign(end=np.minimum(rows["end"], ends)), "", notices))

    def only(self, known: Collection[str]) -> "LabelTable":
        """Return the labels of the utterances that are ``known``; the others become strangers."""
        names = self.rows["utterance"]
        strange = ~names.isin(known).to_numpy()
        at = np.flatnonzero(strange)
        strangers = {names.iloc[row]: self.where(row) for row in at[~names[strange].duplicated().to_numpy()]}
        return replace(self, rows=self.rows[~strange], strangers={**self.strangers, **strangers})

    def where(self, row: int) -> Origin:
        """Return the file and line of a row, where they are known."""
        file, line = int(self.rows["file"].iloc[row]), int(self.rows["line"].iloc[row])
        return self.files[file] if file >= 0 else None, line or None

    def _refuse(self, rows: "pd.DataFrame", fault: Mask, what: str, fix: str | None = None) -> None:
        if fault.any():
            at = int(np.argmax(fault))
            file, line = replace(self, rows=rows).where(at)
            raise InputError(f"{described(rows, at)} {what}", file, line, fix)

    def _with_length(self, rows: "pd.DataFrame", what: str, notices: Notices) -> "pd.DataFrame":
        empty = (rows["end"] - rows["start"] <= close).to_numpy()
        if what:
            self._notice(rows, np.flatnonzero(empty), what, notices)
        kept: pd.DataFrame = rows[~empty].reset_index(drop=True)
        return kept

    def _notice(self, rows: "pd.DataFrame", at: Sequence[int] | np.ndarray, what: str, notices: Notices) -> None:
        if len(at):
            file, line = replace(self, rows=rows).where(int(at[0]))
            origin = f", {file}" + (f", line {line}" if line else "") if file else ""
            notices.add(what, described(rows, int(at[0])) + origin, len(at))


def check(labels: "pd.DataFrame") -> "pd.DataFrame":
    """Return labels put in order; raises InputError for those that overlap; see ``LabelTable.ordered``."""
    return LabelTable(labels.assign(file=-1, line=0, channel=""), [], {}).ordered(Notices(), overlap=0).labels


def spellings_of(texts: Iterable[str]) -> dict[str, str]:
    """Return the texts of labels that differ from the plain ones, by these."""
    plain_of = {text: plain(text) for text in texts}
    # Other white space does not come back: formats separate fields by it.
    return {short: text for text, short in plain_of.items() if short and text != short and plain_spaced(text)}


def plain_spaced(text: str) -> bool:
    """Return whether a text has single spaces at most, and none at its ends."""
    return " ".join(text.split()) == text


def described(rows: "pd.DataFrame", at: int) -> str:
    """Return a label with its utterance and times, for messages."""
    row = rows.iloc[at]
    return f"label {row['label']!r} of {row['utterance']!r} ({row['start']:g} to {row['end']:g})"


def joined(tables: Iterable[LabelTable]) -> LabelTable:
    """Return the labels of several tables as one."""
    import pandas as pd

    parts: list[pd.DataFrame] = []
    files: list[Path] = []
    ends: dict[str, float] = {}
    for table in tables:
        parts.append(table.rows.assign(file=np.where(table.rows["file"] >= 0, table.rows["file"] + len(files), -1)))
        files += table.files
        ends.update(table.ends)
    return LabelTable(pd.concat(parts, ignore_index=True), files, ends)
