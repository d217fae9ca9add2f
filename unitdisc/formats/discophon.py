"""The files of the DiscoPhon benchmark: manifests, alignments, units, and what each is called.

Poli et al. 2026, "DiscoPhon"; the layout is that of the package discophon 0.2.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import is_there, read_text
from unitdisc.formats.ctm import Row
from unitdisc.formats.text import read_fields, read_number

# Phonemes of each language, without silence, by its ISO 639-3 code.
phonemes = {
    "cmn": 42, "deu": 41, "eng": 39, "eus": 29, "fra": 34, "jpn": 42,
    "swa": 29, "tam": 29, "tha": 40, "tur": 27, "ukr": 35, "wol": 39,
}  # fmt: skip
evaluated = ("dev", "test")
alignment_start = "alignment-"
columns = ("#file", "onset", "offset", "#phone")
units_form = re.compile(r"units-([a-z]{3})-(.+)\.jsonl")


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording of a manifest: its name, its speaker (empty where there is no such column), and its line."""

    name: str
    speaker: str
    line: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """The folder of the benchmark's data, and the paths of its files for a language and a split."""

    root: Path

    def manifest(self, language: str, split: str) -> Path:
        """Return the list of recordings, a CSV."""
        return self.root / "manifest" / f"manifest-{language}-{split}.csv"

    def alignment(self, language: str, split: str) -> Path:
        """Return the phones with their times."""
        return self.root / "alignment" / f"{alignment_start}{language}-{split}.txt"

    def item(self, language: str, split: str, kind: str) -> Path:
        """Return the tokens that ABX compares, of ``kind`` triphone or phoneme."""
        return self.root / "item" / f"{kind}-{language}-{split}.item"

    def recording(self, language: str, split: str, name: str) -> Path:
        """Return a recording: in the folder of its split, or in that of all recordings of the language."""
        audio = self.root / "audio" / language
        linked = audio / split / f"{name}.wav"
        return linked if is_there(linked) else audio / "all" / f"{name}.wav"


def units_name(language: str, split: str) -> str:
    """Return the name of the file of units that the benchmark looks for."""
    return f"units-{language}-{split}.jsonl"


def language_and_split(path: Path) -> tuple[str, str]:
    """Return the language and the split that a file of units is of; raises InputError for another name."""
    named = units_form.fullmatch(path.name)
    if named is None:
        raise InputError("is not named units-LANGUAGE-SPLIT.jsonl", path, fix="as DiscoPhon does: units-swa-dev.jsonl")
    return named[1], named[2]


def read_alignment(path: Path) -> Iterator[Row]:
    """Yield the labels of an alignment: lines of file, onset, offset, phone, under a header that names them.

    Raises InputError naming file and line for a header without these, another number of fields, and a time that is
    not a number.
    """
    rows = read_fields(path)
    _, header = next(rows, (1, []))
    missing = [name for name in columns if header.count(name) != 1]
    if missing:
        raise InputError(f"has no column {missing[0]!r}", path, 1, f"an alignment starts with {' '.join(columns)!r}")
    at = [header.index(name) for name in columns]
    for line, fields in rows:
        if len(fields) != len(header):
            raise InputError(f"has {len(fields)} fields where the header has {len(header)}", path, line)
        name, onset, offset, phone = (fields[column] for column in at)
        yield Row(line, name, read_number(onset, path, line), read_number(offset, path, line), phone)


def read_manifest(path: Path) -> list[Listed]:
    """Read the recordings of a manifest: a CSV with the column fileid, and perhaps speaker.

    Raises InputError naming file and line for a header without fileid, a row that is not as long as it, a name that is
    empty, a path or given twice, and for a manifest without rows.
    """
    listed: dict[str, Listed] = {}
    for line, row in _rows(path):
        name = row["fileid"]
        if not name.strip() or "/" in name or name.startswith("."):
            raise InputError(f"fileid {name!r} is not the name of a recording", path, line)
        if name in listed:
            raise InputError(f"recording {name!r} is listed twice", path, line)
        listed[name] = Listed(name, row.get("speaker", "").strip(), line)
    if not listed:
        raise InputError("lists no recordings", path)
    return list(listed.values())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells by column of each row of a manifest."""
    reader = csv.reader(io.StringIO(read_text(path, missing="download the data of DiscoPhon")))
    try:
        header = next(reader, [])
        if "fileid" not in header:
            raise InputError("has no column 'fileid'", path, 1, "a manifest starts with 'fileid,speaker,num_samples'")
        for row in filter(None, reader):
            if len(row) != len(header):
                what = f"has {len(row)} fields where the header has {len(header)}"
                raise InputError(what, path, reader.line_num)
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise InputError(f"is not CSV ({error})", path, reader.line_num) from None
