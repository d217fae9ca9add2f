"""Labels with times, read from the formats alignments come in.

Every reader yields the same data frame, sorted by utterance and start: utterance, start (inclusive), end (exclusive),
label; times in seconds (speech) or columns (handwriting).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import pandas as pd

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.scores import textgrid

Format = Literal["tsv", "ctm", "textgrid", "phn", "text_ali"]
Row = tuple[int, str, float, float, str]  # line, utterance, start, end, label

suffixes: dict[str, Format] = {".tsv": "tsv", ".ctm": "ctm", ".textgrid": "textgrid", ".phn": "phn"}
timit_rate = 16_000  # Hz: a .phn file counts samples
ali_frame = 0.01  # seconds: text_ali counts frames
digits = 6  # times are decimals: 0.3 + 0.03 is 0.33


def read_labels(path: str | Path, format: Format | None = None) -> pd.DataFrame:  # noqa: A002 (the option's name)
    """Read labels into a data frame of utterance, start, end, label, sorted by utterance and start.

    ``path`` is a labels.tsv, a CTM (``;;`` comments), a TextGrid, a TIMIT .phn (samples at 16 kHz), a text_ali
    (integer 10 ms frames), or a folder of TextGrid or .phn files, an utterance each, named after the file (after folder
    and file, as in ``FCJF0_SA1``, where file names repeat). ``format`` is guessed from the name where it is None.
    Raises InputError naming file and line for what cannot be read, a label that does not end after it starts or starts
    before 0, and labels of an utterance that overlap.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, format)
    return _read_file(path, format or guess(path), path.stem)


def guess(path: Path) -> Format:
    """Tell the format of a label file by its name."""
    if path.name.startswith("text_ali") or path.suffix == ".ali":
        return "text_ali"
    if path.suffix.lower() not in suffixes:
        raise InputError("the format of the labels cannot be told from the name", path, fix=_choose())
    return suffixes[path.suffix.lower()]


def check(labels: pd.DataFrame, path: Path | None = None, lines: Iterable[int] | None = None) -> pd.DataFrame:
    """Return ``labels`` sorted by utterance and start; raise InputError where one is empty, below 0 or overlaps."""
    frame = labels.assign(line=0 if lines is None else list(lines)).sort_values(["utterance", "start"], kind="stable")
    start, end = frame["start"].to_numpy(float), frame["end"].to_numpy(float)
    same = np.append(False, frame["utterance"].to_numpy()[1:] == frame["utterance"].to_numpy()[:-1])
    faults = (
        (~(np.isfinite(start) & np.isfinite(end)), "has no time"),
        (start < 0, "starts before 0"),
        (end <= start, "does not end after it starts"),
        (same & (start < np.append(0, end[:-1]) - 0.5 * 10**-digits), "overlaps the label before it"),
    )
    for fault, what in faults:
        if fault.any():
            row = frame.iloc[int(np.argmax(fault))]
            place = f"label {row.label!r} of {row.utterance!r} ({row.start:g} to {row.end:g})"
            raise InputError(f"{place} {what}", path, None if lines is None else int(row.line))
    return frame.drop(columns="line").reset_index(drop=True)


def plain_phones(labels: pd.DataFrame) -> pd.DataFrame:
    """Drop Kaldi's position suffixes (_B _I _E _S) and then one trailing stress digit from every label."""
    plain = labels["label"].str.replace(r"_[BIES]$", "", regex=True).str.replace(r"(?<=.)[0-9]$", "", regex=True)
    return labels.assign(label=plain)


def _read_folder(folder: Path, given: Format | None) -> pd.DataFrame:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".textgrid", ".phn"))
    if given:
        files = [file for file in files if guess(file) == given]
    if not files:
        raise InputError("this folder holds no TextGrid or .phn file", folder)
    repeats = max(Counter(file.stem for file in files).values()) > 1
    names = [f"{file.parent.name}_{file.stem}" if repeats else file.stem for file in files]
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise InputError(f"two files would both be the utterance {name!r}", folder)
    return check(pd.concat([_read_file(f, guess(f), n) for f, n in zip(files, names, strict=True)], ignore_index=True))


def _read_file(path: Path, kind: Format, name: str) -> pd.DataFrame:
    if kind == "tsv":
        frame = tables.read(path, tables.Label)
        return check(frame, path, range(2, len(frame) + 2))
    if kind not in get_args(Format):
        raise InputError(f"unknown format {kind!r} of labels", path, fix=_choose())
    readers: dict[Format, Callable[[Path, str], list[Row]]] = {
        "ctm": _read_ctm,
        "textgrid": _read_textgrid,
        "phn": _read_phn,
        "text_ali": _read_text_ali,
    }
    rows = readers[kind](path, name)
    frame = pd.DataFrame(rows, columns=["line", "utterance", "start", "end", "label"])
    typed = frame.astype({"utterance": "str", "start": float, "end": float, "label": "str"})
    typed[["start", "end"]] = typed[["start", "end"]].round(digits)
    return check(typed.drop(columns="line"), path, cast("list[int]", frame["line"].tolist()))


def _read_ctm(path: Path, _: str) -> list[Row]:
    rows = []
    for line, fields in _fields(path, comment=";;"):
        if len(fields) < 5:
            raise InputError("is not 'utterance channel start duration label'", path, line)
        start, duration = (_number(text, path, line) for text in fields[2:4])
        rows.append((line, fields[0], start, start + duration, fields[4]))
    return rows


def _read_phn(path: Path, name: str) -> list[Row]:
    rows = []
    for line, fields in _fields(path):
        if len(fields) != 3:
            raise InputError("is not 'first-sample end-sample label'", path, line)
        start, end = (_number(text, path, line) / timit_rate for text in fields[:2])
        rows.append((line, name, start, end, fields[2]))
    return rows


def _read_text_ali(path: Path, _: str) -> list[Row]:
    rows = []
    for line, fields in _fields(path):
        for part in re.split(r"(?:^|\s);(?:\s|$)", " ".join(fields[1:])):
            label = part.split()
            if label and len(label) != 3:
                raise InputError(f"{part.strip()!r} is not 'label start end'", path, line)
            if label:
                start, end = (_number(text, path, line) * ali_frame for text in label[1:])
                rows.append((line, fields[0], start, end, label[0]))
    return rows


def _read_textgrid(path: Path, name: str) -> list[Row]:
    tier = textgrid.read_tier(path)
    return [(interval.line, name, interval.start, interval.end, interval.text) for interval in tier]


def _fields(path: Path, comment: str = "\0") -> list[tuple[int, list[str]]]:
    lines = enumerate(_text(path).split("\n"), start=1)
    return [(n, line.split()) for n, line in lines if line.strip() and not line.startswith(comment)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None


def _number(text: str, path: Path, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{text!r} is not a number", path, line) from None


def _choose() -> str:
    return f"name it with --format: {', '.join(get_args(Format))}"
