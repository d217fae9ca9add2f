"""Kaldi's text files with a key and its values per line: wav.scp, segments, utt2spk, the index of an archive."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import is_there
from unitdisc.formats.text import each_line, fields_of, plain, plain_name, read_fields


@dataclass(frozen=True, slots=True)
class Entry:
    """The location of an utterance's matrix: archive and offset, and the line of the index that names them."""

    archive: str
    offset: int
    line: int


def read_rows(path: Path, fields: int) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and fields, the first a name, the last the rest of the line; raises InputError for fewer."""
    for number, line in enumerate(each_line(path), start=1):
        parts = fields_of(line, least=fields, most=fields)
        if not parts:
            continue
        if len(parts) < fields:
            raise InputError(f"has {len(parts)} fields, {fields} wanted: {line!r}", path, number)
        yield number, [plain_name(parts[0]), *parts[1:]] if fields > 1 else parts


def read_pairs(path: Path) -> dict[str, tuple[int, str]]:
    """Read ``key value`` lines into key → (line, value); raises InputError for a key that occurs twice."""
    pairs: dict[str, tuple[int, str]] = {}
    for line, (key, value) in read_rows(path, 2):
        if key in pairs:
            raise InputError(f"{key!r} occurs twice, first on line {pairs[key][0]}", path, line)
        pairs[key] = line, value
    return pairs


def read_utt2spk(path: str | Path) -> dict[str, str]:
    """Read the speaker of each utterance; raises InputError naming file and line, see ``speakers_of``."""
    return speakers_of(read_fields(path, least=2), path)


def speakers_of(rows: Iterable[tuple[int, list[str]]], path: str | Path) -> dict[str, str]:
    """Return the speaker of each utterance from rows of a line number and the fields utterance and speaker.

    Raises InputError for a row with other fields and an utterance with two speakers; a row may be repeated.
    """
    speakers: dict[str, str] = {}
    for number, fields in rows:
        if len(fields) != 2:
            raise InputError("is not 'utterance speaker'", path, number)
        utterance, speaker = plain_name(fields[0]), sys.intern(plain(fields[1]))
        if speakers.setdefault(utterance, speaker) != speaker:
            raise InputError(f"utterance {utterance!r} has two speakers", path, number)
    return speakers


def read_index(scp: Path) -> dict[str, Entry]:
    """Read an index of lines ``utterance archive:offset``; raises InputError naming file and line."""
    return dict(each_entry(scp))


def each_entry(scp: Path) -> Iterator[tuple[str, Entry]]:
    """Yield the lines of an index as they are read; raises InputError as ``read_index`` does."""
    names: set[str] = set()
    for line, (row,) in read_rows(scp, 1):
        name, *source = fields_of(row, least=2, most=2)
        utterance = plain_name(name)
        archive, _, offset = "".join(source).rpartition(":")
        if not archive or not (offset.isascii() and offset.isdigit() and len(offset) <= 18):
            raise InputError(f"is not 'utterance archive:offset': {row!r}", scp, line)
        if utterance in names:
            raise InputError(f"utterance {utterance!r} occurs twice", scp, line)
        names.add(utterance)
        yield utterance, Entry(archive, int(offset), line)


def locate(archive: str, scp: Path) -> Path:
    """Return the file that an index names: relative to the index, or else to the working directory as in Kaldi.

    An archive that is in neither place is looked for next to the index, where a folder was moved as a whole.
    """
    candidates = (scp.parent / archive, Path(archive))
    return next((path for path in candidates if is_there(path)), scp.parent / Path(archive).name)
