"""Labels with times, read from the common formats of alignments; times in seconds (speech) or columns (handwriting)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

import numpy as np

from unitdisc import tables
from unitdisc.choices import LabelFormat
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats.ctm import Row, read_ctm
from unitdisc.formats.discophon import alignment_start, read_alignment
from unitdisc.formats.eaf import read_eaf_tiers
from unitdisc.formats.label_spool import LabelSpool
from unitdisc.formats.label_table import LabelTable, frame_overlap, joined
from unitdisc.formats.marks import plain_phone
from unitdisc.formats.text import digits, read_fields, read_number
from unitdisc.formats.textgrid import read_tiers
from unitdisc.formats.tiers import Tier
from unitdisc.formats.utterance_names import Names, named, shortened
from unitdisc.notices import Notices
from unitdisc.records import Label

if TYPE_CHECKING:
    import pandas as pd

suffixes: dict[str, LabelFormat] = {
    ".tsv": "tsv",
    ".ctm": "ctm",
    ".textgrid": "textgrid",
    ".phn": "phn",
    ".eaf": "eaf",
}
of_many_utterances: tuple[LabelFormat, ...] = ("tsv", "ctm", "text_ali")
of_one_utterance: tuple[LabelFormat, ...] = ("textgrid", "phn", "eaf")  # their file is named after it
timit_rate = 16_000  # Hz: a .phn file counts samples
ali_frame = 0.01  # seconds: text_ali counts frames
# A label, which may itself be a semicolon, its first frame and the one after its last, and the end of the entry.
aligned_label = re.compile(r"[; ]{0,4}?(\S++) ([0-9]{1,9}) ([0-9]{1,9}) ?(?:;|$)")


def read_labels(
    path: str | Path,
    format: LabelFormat | None = None,  # noqa: A002 (the option's name)
    *,
    tier: str | None = None,
    known: Collection[str] = (),
) -> "pd.DataFrame":
    """Read labels into a data frame of utterance, start, end, label, sorted by utterance and start.

    See ``read_label_table``; what was put right is logged.
    """
    notices = Notices()
    table = read_label_table(path, format, tier=tier, known=known, notices=notices)
    notices.say()
    return table.labels


def read_label_table(
    path: str | Path,
    format: LabelFormat | None = None,  # noqa: A002 (the option's name)
    *,
    tier: str | None = None,
    known: Collection[str] = (),
    aliases: Mapping[tuple[str, str], str] = MappingProxyType({}),
    notices: Notices,
    by_channel: bool = False,
    overlap: float = frame_overlap,
    only_known: bool = False,
) -> LabelTable:
    """Read labels, put in order; see ``LabelTable.ordered``.

    ``path`` is a labels.tsv, a CTM, a TextGrid, an ELAN .eaf, a TIMIT .phn (samples at 16 kHz), a text_ali (integer
    10 ms frames), an alignment of DiscoPhon, or a folder of these. A TextGrid, .eaf or .phn holds one utterance, named
    by the rule of ``utterance_names``; ``tier`` chooses tiers by name or number. ``format`` None is inferred from each
    file's name. Names are those of the ``known`` utterances where they can be matched with them; ``aliases`` has names
    for a file and its channel. With ``only_known``, other utterances are the table's ``strangers``: their files are not
    opened. With ``by_channel``, labels of different channels may overlap; ``overlap`` is the most that others may.
    Raises InputError naming file and line for what cannot be read, and for faults of the times.
    """
    path = Path(path)
    kinds = {file: format or format_of(file) for file in label_files(path, format, notices)}
    root = path if path.is_dir() else path.parent
    fix = "rename the others, or name one format with label_format or --format"
    own = named([file for file, kind in kinds.items() if kind in of_one_utterance], root, known, fix=fix)
    names, texts, wanted = {file: name for name, file in own.items()}, Names(known, aliases), frozenset(known)
    unasked = {name: (file, None) for name, file in own.items() if only_known and name not in wanted}
    parts = []
    for file, kind in kinds.items():
        name = names.get(file, "")
        if name in unasked:
            continue
        rows, end = _rows(file, kind, name, tier)
        table = _table(rows, file)
        table = replace(table, ends={name: end} if end else {}) if name else _renamed(table, rows, texts, notices)
        parts.append(table)
    table = joined(parts or [_table([], path)])
    if only_known:
        table = replace(table, strangers=unasked).only(wanted)
    return table.ordered(notices, overlap=overlap, by_channel=by_channel)


def spooled(
    path: Path,
    kind: LabelFormat,
    *,
    known: Collection[str],
    aliases: Mapping[tuple[str, str], str] = MappingProxyType({}),
    notices: Notices,
) -> tuple[LabelSpool, list[str]]:
    """Read a CTM, text_ali or table that may not fit in memory: its rows, and the name of each owner of rows.

    See ``read_label_table``; the rows are not put in order.
    """
    spool = LabelSpool()
    if kind == "tsv":
        for block in tables.blocks(path, Label):
            rows = block.columns.to_pandas()
            spool.add_frame(rows.assign(line=block.line + np.arange(len(rows)), channel=""))
    else:
        spool.add(_text_ali(path) if kind == "text_ali" else read_ctm(path))
    return spool, list(_names(spool.owners, Names(known, aliases), notices).values())


def each_labels(path: Path, *, known: Collection[str] = ()) -> "Iterator[pd.DataFrame]":
    """Yield what ``read_labels`` returns, some utterances at a time where a file has those of many."""
    kind, notices = None if path.is_dir() or not path.exists() else format_of(path), Notices()
    if kind in of_many_utterances:
        spool, names = spooled(path, kind, known=known, notices=notices)
        for rows in spool.by_utterance(names):
            yield LabelTable(rows, [path], {}).ordered(notices).labels
    else:
        yield read_label_table(path, known=known, notices=notices).labels
    notices.say()


def _table(rows: Sequence[Row], file: Path) -> LabelTable:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=Row._fields).assign(file=0)
    return LabelTable(frame.astype({"utterance": "str", "label": "str"}), [file], {})


def _renamed(table: LabelTable, rows: Sequence[Row], texts: Names, notices: Notices) -> LabelTable:
    """Return the labels of a file of several utterances under the names of the known ones."""
    import pandas as pd

    spelt = _names({(row.utterance, row.channel): None for row in rows}, texts, notices)
    names = pd.Series([spelt[row.utterance, row.channel] for row in rows], dtype="str")
    return replace(table, rows=table.rows.assign(utterance=names))


def _names(owners: Iterable[tuple[str, str]], texts: Names, notices: Notices) -> dict[tuple[str, str], str]:
    spelt = texts.of_texts(owners)
    for (text, _), name in spelt.items():
        if text != name and shortened(text, name):
            notices.add("utterances found by the end of their names", f"{text!r} is {name!r}")
    return spelt


def _rows(file: Path, kind: LabelFormat, name: str, tier: str | None) -> tuple[list[Row], float]:
    """Return the labels of a file, and the end that it states (0 if it does not); ``name`` is its utterance."""
    match kind:
        case "tsv":
            frame = tables.read(file, Label)
            columns = (frame[column].tolist() for column in ("utterance", "start", "end", "label"))
            return [Row(line, *row) for line, row in enumerate(zip(*columns, strict=True), start=2)], 0.0
        case "ctm":
            return list(read_ctm(file)), 0.0
        case "text_ali":
            return list(_text_ali(file)), 0.0
        case "discophon":
            return list(read_alignment(file)), 0.0
        case "phn":
            return list(_phn(file, name)), 0.0
        case "textgrid":
            tiers = read_tiers(file, tier)
            return list(_of_tiers(tiers, name)), max(t.end for t in tiers)
        case "eaf":
            return list(_of_tiers(read_eaf_tiers(file, tier), name)), 0.0
    raise InputError(f"unknown format {kind!r} of labels", file, fix=_choose())


def format_of(path: Path) -> LabelFormat:
    """Infer the format of a label file from its name; raises InputError where that is not possible."""
    if path.name.startswith("text_ali") or path.suffix == ".ali":
        return "text_ali"
    if path.name.startswith(alignment_start) and path.suffix == ".txt":
        return "discophon"
    if path.suffix.lower() not in suffixes:
        raise InputError("the format of the labels cannot be inferred from the name", path, fix=_choose())
    return suffixes[path.suffix.lower()]


def label_files(path: Path, format: LabelFormat | None, notices: Notices | None = None) -> list[Path]:  # noqa: A002
    """Return the files of labels: ``path`` itself, or those below it if it is a folder; raises InputError for none."""
    if not path.exists():
        raise InputError("no such file or folder", path)
    if not path.is_dir():
        return [path]
    kinds = {file: _inferred(file) for file in below(path, notices)}
    files = [file for file, kind in kinds.items() if kind and format in (None, kind)]
    others = [file for file in files if kinds[file] != "tsv"]  # tables may be of anything else, where there are others
    if not files:
        raise InputError(f"this folder holds no {format or ', '.join(get_args(LabelFormat))} file", path)
    return others or files


def _inferred(path: Path) -> LabelFormat | None:
    try:
        return format_of(path)
    except InputError:
        return None


def plain_phones(labels: "pd.DataFrame") -> "pd.DataFrame":
    """Apply ``plain_phone`` to every label."""
    plain = {label: plain_phone(label) for label in labels["label"].unique()}
    return labels.assign(label=labels["label"].map(plain).astype("str"))


def _of_tiers(tiers: Iterable[Tier], name: str) -> Iterator[Row]:
    for each in (interval for tier in tiers for interval in tier.intervals if interval.text.strip()):
        yield Row(each.line, name, each.start, each.end, each.text)


def _phn(path: Path, name: str) -> Iterator[Row]:
    for line, fields in read_fields(path, least=3):
        if len(fields) != 3:
            raise InputError("is not 'first-sample end-sample label'", path, line)
        start, end = (read_number(text, path, line) / timit_rate for text in fields[:2])
        yield Row(line, name, start, end, fields[2])


def _text_ali(path: Path) -> Iterator[Row]:
    for line, fields in read_fields(path):
        text, position = " ".join(fields[1:]), 0
        while position < len(text.rstrip("; ")):
            label = aligned_label.match(text, position)
            if label is None:
                rest = text[position:].strip("; ").partition(";")[0]
                raise InputError(f"{rest.strip()!r} is not 'label start end'", path, line)
            start, end = (round(int(frame) * ali_frame, digits) for frame in label.group(2, 3))
            yield Row(line, fields[0], start, end, label[1])
            position = label.end()


def _choose() -> str:
    return f"name it with --format, in a configuration label_format: {', '.join(get_args(LabelFormat))}"
