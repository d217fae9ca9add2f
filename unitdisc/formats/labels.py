"""Labels with times, read from the common formats of alignments.

Every reader yields the same data frame, sorted by utterance and start: utterance, start (inclusive), end (exclusive),
label; times in seconds (speech) or columns (handwriting).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pandas as pd

from unitdisc import tables
from unitdisc.choices import LabelFormat
from unitdisc.errors import InputError
from unitdisc.formats.ctm import Row, read_ctm
from unitdisc.formats.text import close, digits, read_fields, read_number
from unitdisc.formats.textgrid import read_tier
from unitdisc.records import Label

suffixes: dict[str, LabelFormat] = {".tsv": "tsv", ".ctm": "ctm", ".textgrid": "textgrid", ".phn": "phn"}
timit_rate = 16_000  # Hz: a .phn file counts samples
ali_frame = 0.01  # seconds: text_ali counts frames
# A label, which may itself be a semicolon, its first frame and the one after its last, and the end of the entry.
aligned_label = re.compile(r"[; ]{0,4}?(\S++) ([0-9]{1,9}) ([0-9]{1,9}) ?(?:;|$)")


def read_labels(path: str | Path, format: LabelFormat | None = None) -> pd.DataFrame:  # noqa: A002 (the option's name)
    """Read labels into a data frame of utterance, start, end, label, sorted by utterance and start.

    ``path`` is a labels.tsv, a CTM (``;;`` comments), a TextGrid, a TIMIT .phn (samples at 16 kHz), a text_ali
    (integer 10 ms frames), or a folder of TextGrid or .phn files, one utterance each, named after the file (or after
    folder and file, as in ``FCJF0_SA1``, where file names repeat). ``format`` None is inferred from the file name.
    Raises InputError naming file and line for what cannot be read, a label that does not end after it starts or starts
    before 0, and labels of an utterance that overlap.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, format)
    kind = format or format_of(path)
    if kind == "tsv":
        frame = tables.read(path, Label)
        return check(frame, path, range(2, len(frame) + 2))
    return _checked(list(label_rows(path, kind)), path)


def label_rows(path: Path, kind: LabelFormat, utterance: str | None = None) -> Iterator[Row]:
    """Yield the labels of a file in file order; ``utterance`` (by default the file's name) is for TextGrid and .phn."""
    name = path.stem if utterance is None else utterance
    match kind:
        case "ctm":
            return read_ctm(path)
        case "text_ali":
            return _text_ali(path)
        case "phn":
            return _phn(path, name)
        case "textgrid":
            return ((i.line, name, i.start, i.end, i.text) for i in read_tier(path))
    raise InputError(f"unknown format {kind!r} of labels", path, fix=_choose())


def format_of(path: Path) -> LabelFormat:
    """Infer the format of a label file from its name; raises InputError where that is not possible."""
    if path.name.startswith("text_ali") or path.suffix == ".ali":
        return "text_ali"
    if path.suffix.lower() not in suffixes:
        raise InputError("the format of the labels cannot be inferred from the name", path, fix=_choose())
    return suffixes[path.suffix.lower()]


def check(labels: pd.DataFrame, path: Path | None = None, lines: Iterable[int] | None = None) -> pd.DataFrame:
    """Return ``labels`` sorted by utterance and start; raises InputError where one is empty, below 0 or overlaps."""
    frame = labels.assign(line=0 if lines is None else list(lines)).sort_values(["utterance", "start"], kind="stable")
    start, end = frame["start"].to_numpy(float), frame["end"].to_numpy(float)
    same = np.append(False, frame["utterance"].to_numpy()[1:] == frame["utterance"].to_numpy()[:-1])
    faults = (
        (~(np.isfinite(start) & np.isfinite(end)), "has no time"),
        (start < 0, "starts before 0"),
        (end <= start, "does not end after it starts"),
        (same & (start < np.append(0, end[:-1]) - close), "overlaps the label before it"),
    )
    for fault, what in faults:
        if fault.any():
            row = frame.iloc[int(np.argmax(fault))]
            description = f"label {row.label!r} of {row.utterance!r} ({row.start:g} to {row.end:g})"
            raise InputError(f"{description} {what}", path, None if lines is None else int(row.line))
    return frame.drop(columns="line").reset_index(drop=True)


def plain_phone(label: str) -> str:
    """Drop a position suffix (_B _I _E _S), then one stress digit that follows no digit: AH0_I is AH, 12 stays 12."""
    return re.sub(r"(?<=[^\d])\d$", "", re.sub(r"_[BIES]$", "", label))


def plain_phones(labels: pd.DataFrame) -> pd.DataFrame:
    """Apply ``plain_phone`` to every label."""
    plain = {label: plain_phone(label) for label in labels["label"].unique()}
    return labels.assign(label=labels["label"].map(plain).astype("str"))


def _read_folder(folder: Path, given: LabelFormat | None) -> pd.DataFrame:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".textgrid", ".phn"))
    if given:
        files = [file for file in files if format_of(file) == given]
    if not files:
        raise InputError("this folder holds no TextGrid or .phn file", folder)
    repeats = max(Counter(file.stem for file in files).values()) > 1
    names = [f"{file.parent.name}_{file.stem}" if repeats else file.stem for file in files]
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise InputError(f"two files would both be the utterance {name!r}", folder)
    frames = [_checked(list(label_rows(f, format_of(f), n)), f) for f, n in zip(files, names, strict=True)]
    return check(pd.concat(frames, ignore_index=True))


def _checked(rows: list[Row], path: Path) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["line", "utterance", "start", "end", "label"])
    typed = frame.astype({"utterance": "str", "start": float, "end": float, "label": "str"})
    typed[["start", "end"]] = typed[["start", "end"]].round(digits)
    return check(typed.drop(columns="line"), path, cast("list[int]", frame["line"].tolist()))


def _phn(path: Path, name: str) -> Iterator[Row]:
    for line, fields in read_fields(path):
        if len(fields) != 3:
            raise InputError("is not 'first-sample end-sample label'", path, line)
        start, end = (read_number(text, path, line) / timit_rate for text in fields[:2])
        yield line, name, start, end, fields[2]


def _text_ali(path: Path) -> Iterator[Row]:
    for line, fields in read_fields(path):
        text, position = " ".join(fields[1:]), 0
        while position < len(text.rstrip("; ")):
            label = aligned_label.match(text, position)
            if label is None:
                rest = text[position:].strip("; ").partition(";")[0]
                raise InputError(f"{rest.strip()!r} is not 'label start end'", path, line)
            start, end = (round(int(frame) * ali_frame, digits) for frame in label.group(2, 3))
            yield line, fields[0], start, end, label[1]
            position = label.end()


def _choose() -> str:
    return f"name it with --format: {', '.join(get_args(LabelFormat))}"
