"""Files that belong to no corpus, given by their paths, as folders, or in lists."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from unitdisc.corpora.given_pages import given_lines, is_of_pages
from unitdisc.corpora.speakers import speaker_of
from unitdisc.corpora.table_rows import Column, Layout, Places
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import row_tables
from unitdisc.formats.audio_source import Part
from unitdisc.formats.kaldi_table import read_rows
from unitdisc.formats.text import plain, read_lines
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality
from unitdisc.notices import Notices
from unitdisc.records import Utterance

plain_lists = (".txt", ".lst", ".list")  # a path per line, if they are no tables
kaldi_list = ".scp"
table_columns = ("source", "path")  # of which a table has one


def given_utterances(
    paths: Sequence[Path], modality: Modality, *, splits: Sequence[str] = (), speaker: int | str | None = None
) -> list[Utterance]:
    """Return the utterances of files, of all files below folders, and of lists, in their order; durations are unknown.

    A file is named by the rule of ``utterance_names`` below its folder. Below a folder, the first sub-folder is its
    speaker, or what the rule ``speaker`` says; elsewhere a file is its own speaker. A list has a path per line, a name
    and a path (``.scp``), or is a table with the column source or path, and optionally utterance, speaker, split, start
    and end, such as utterances.tsv; rows of some ``splits`` can be chosen. Files that a list names need not exist.
    Of handwriting, page files, zips of pages, and folders with PAGE or ALTO are their lines: see ``given_lines``.
    Raises InputError for what does not exist otherwise, is no recording or image, or has the name of another one.
    """
    found: list[Utterance] = []
    alone = []
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder", path)
        if splits and (path.is_dir() or path.suffix.lower() in (*modality.endings, ".xml", ".zip")):
            raise InputError("has no splits", path, fix="--split chooses rows of a table")
        if is_of_pages(path, modality):
            found += given_lines(path, speaker)
        elif path.is_dir():
            found += _in_folder(_recordings(path, modality), path, 1 if speaker is None else speaker)
        elif path.suffix.lower() in (*plain_lists, kaldi_list, *row_tables.endings):
            found += [row for row in _listed(path) if not splits or row.split in splits]
        elif path.suffix.lower() in modality.endings:
            alone.append(path)
        else:
            what = f"is no {modality.sources[:-1]}, which this model encodes"
            raise InputError(what, path, fix=f"endings are {', '.join(sorted(modality.endings))}")
    found += _alone(alone)
    if not found:
        raise InputError(f"lists no {modality.sources} of the splits {', '.join(splits)}", paths[0])
    return _once(found)


def _recordings(folder: Path, modality: Modality) -> list[Path]:
    notices = Notices()
    # What a link to nowhere stood for cannot be read, as what a list names and is not there.
    files = [path for path in below(folder, notices, dangling=True) if path.suffix.lower() in modality.endings]
    notices.say()
    if not files:
        endings = ", ".join(sorted(modality.endings))
        raise InputError(f"holds no {modality.sources}", folder, fix=f"their endings are {endings}")
    return files


def _in_folder(files: list[Path], folder: Path, rule: int | str) -> Iterator[Utterance]:
    for name, path in named(files, folder).items():
        relative = path.relative_to(folder)
        own = rule == 1 and len(relative.parts) == 1
        yield Utterance(name, "", name if own else speaker_of(relative, rule, folder), str(path), 0.0)


def _alone(files: list[Path]) -> Iterator[Utterance]:
    """Yield files by themselves, named below the folder around all of them."""
    if not files:
        return
    inside = {Path(os.path.abspath(path)): path for path in files}  # noqa: PTH100 (links stay)
    root = Path(os.path.commonpath([path.parent for path in inside]))
    for name, path in named(inside, root).items():
        yield Utterance(name, "", name, str(inside[path]), 0.0)


def _listed(path: Path) -> Iterator[Utterance]:
    if path.suffix.lower() == kaldi_list:
        return _entries(path)
    lines = [line.strip() for line in read_lines(path)] if path.suffix.lower() in plain_lists else []
    listed = [line for line in lines if line]
    if lines and not listed:
        raise InputError("lists no files", path)
    if listed and not set(table_columns) & set(listed[0].split("\t")):
        places = Places([path.parent, Path()])
        return _alone([Path(_located(line, places, path, number)) for number, line in enumerate(lines, 1) if line])
    return _rows(path)


def _rows(path: Path) -> Iterator[Utterance]:
    """Yield the utterances of a table."""
    names = row_tables.read_row_table(path, ()).names
    column = next((name for name in table_columns if name in names), None)
    if not names:
        raise InputError("lists no files", path)
    if column is None:
        raise InputError("has no column source or path", path, 1)
    unreadable, count = Unreadable(), 0
    wanted: tuple[Column, ...] = ("path", "utterance", "speaker", "split", "start", "end")
    for row in Layout({"path": column}, wanted).read(path, unreadable):
        count += 1
        if row.source.rstrip().endswith("|"):
            raise _command(path, row.line)
        source = row.source
        if row.is_part:
            source = str(Part(row.source, row.start or 0.0, _end(row.source) if row.end is None else row.end))
        yield Utterance(row.utterance, row.split, plain(row.speaker) or row.utterance, source, 0.0)
    for error in unreadable.errors.values():
        raise error
    if not count:
        raise InputError("lists no files", path)


def _end(source: str) -> float:
    from unitdisc.formats import audio

    return audio.probe(source)[0]


def _entries(path: Path) -> Iterator[Utterance]:
    """Yield the utterances of lines of a name and a path."""
    places, rows = Places([path.parent, Path()]), list(read_rows(path, 2))
    if not rows:
        raise InputError("lists no files", path)
    for line, (name, text) in rows:
        yield Utterance(name, "", name, _located(text, places, path, line), 0.0)


def _located(text: str, places: Places, path: Path, line: int) -> str:
    if text.endswith("|"):
        raise _command(path, line)
    return places.find(text)


def _command(path: Path, line: int) -> InputError:
    return InputError("is a command, which is not run here", path, line, fix="give the paths of recordings")


def _once(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return utterances without those that are given twice; raises InputError for two files of one name."""
    first: dict[str, Utterance] = {}
    for row in utterances:
        other = first.setdefault(row.utterance, row).source
        if os.path.realpath(other) != os.path.realpath(row.source):
            what = f"is the utterance {row.utterance!r}, as {other} is"
            raise InputError(what, row.source, fix="name them in a table with the columns utterance and path")
    return list(first.values())
