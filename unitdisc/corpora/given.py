"""Files that belong to no corpus, given by their paths, as folders, or in lists."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats.text import plain, plain_name, read_lines
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality
from unitdisc.records import Utterance

list_endings = (".txt", ".lst", ".list", ".tsv", ".scp")
table_columns = {"source", "path"}  # of which a table has one


def given_utterances(paths: Sequence[Path], modality: Modality, splits: Sequence[str] = ()) -> list[Utterance]:
    """Return the utterances of files, of all files below folders, and of lists, in their order; durations are unknown.

    A file is named by the rule of ``utterance_names`` below its folder, and the first sub-folder is its speaker;
    elsewhere a file is its own speaker. A list has a path per line, a name and a path (``.scp``), or is a table with
    the column source or path, and optionally utterance, speaker and split, such as utterances.tsv; its ``splits`` can
    be chosen. Raises InputError for what does not exist, is no recording or image, or has the name of another one.
    """
    found: list[Utterance] = []
    for path, alone in _grouped(paths, modality):
        if path.is_dir():
            found += _in_folder(alone or _recordings(path, modality), path)
        else:
            found += [row for row in _listed(path) if not splits or row.split in splits]
    if not found:
        raise InputError(f"lists no {modality.sources} of the splits {', '.join(splits)}", paths[0])
    return _once(found)


def _grouped(paths: Sequence[Path], modality: Modality) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder and list, and the folder around all files that are given by themselves, with these files."""
    alone = []
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder", path)
        if path.is_dir() or path.suffix.lower() in list_endings:
            yield path, []
        elif path.suffix.lower() in modality.endings:
            alone.append(path)
        else:
            what = f"is no {modality.sources[:-1]}, which this model encodes"
            raise InputError(what, path, fix=f"endings are {', '.join(sorted(modality.endings))}")
    if alone:
        yield Path(os.path.commonpath([os.path.abspath(path.parent) for path in alone])), alone  # noqa: PTH100 (links stay)


def _recordings(folder: Path, modality: Modality) -> list[Path]:
    files = [path for path in below(folder) if path.suffix.lower() in modality.endings]
    if not files:
        raise InputError(
            f"holds no {modality.sources}", folder, fix=f"their endings are {', '.join(sorted(modality.endings))}"
        )
    return files


def _in_folder(files: list[Path], folder: Path) -> Iterator[Utterance]:
    inside = {Path(os.path.abspath(path)): path for path in files}  # noqa: PTH100
    root = Path(os.path.abspath(folder))  # noqa: PTH100
    for name, path in named(inside, root).items():
        parts = path.relative_to(root).parts
        yield Utterance(name, "", plain_name(parts[0]) if len(parts) > 1 else name, str(inside[path]), 0.0)


def _listed(path: Path) -> Iterator[Utterance]:
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(read_lines(path), start=1)]
    lines = [(number, line) for number, line in lines if line.strip()]
    header = lines[0][1].split("\t") if lines else []
    rows = lines[1:] if table_columns & set(header) else lines
    if not rows:
        raise InputError("lists no files", path)
    if table_columns & set(header):
        return _rows(path, header, rows)
    if path.suffix.lower() == ".tsv":
        raise InputError("has no column source or path", path, 1)
    if path.suffix.lower() == ".scp":
        return _entries(path, rows)
    sources = [_located(text.strip(), path, number) for number, text in rows]
    return _in_folder(sources, Path(os.path.commonpath([os.path.abspath(file.parent) for file in sources])))  # noqa: PTH100


def _rows(path: Path, header: list[str], lines: Iterable[tuple[int, str]]) -> Iterator[Utterance]:
    """Yield the utterances of a table."""
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(f"has {len(cells)} fields where the header has {len(header)}", path, number)
        row = dict(zip(header, cells, strict=True))
        text = row.get("source") or row.get("path", "")
        source = str(_located(text, path, number))
        name = plain_name(row.get("utterance") or Path(text).stem)
        yield Utterance(name, row.get("split", ""), plain(row.get("speaker", "")) or name, source, 0.0)


def _entries(path: Path, lines: Iterable[tuple[int, str]]) -> Iterator[Utterance]:
    """Yield the utterances of lines of a name and a path."""
    for number, line in lines:
        name, _, text = line.strip().partition(" ")
        if not text.strip():
            raise InputError("is not a name and a path", path, number)
        if text.rstrip().endswith("|"):
            raise InputError("is a command, which is not run here", path, number, fix="give the paths of recordings")
        yield Utterance(plain_name(name), "", plain_name(name), str(_located(text.strip(), path, number)), 0.0)


def _located(text: str, path: Path, line: int) -> Path:
    """Return the file that a list names: relative to the list, or else to the working directory.

    What follows a ``#`` or ``:`` after the name of a file is the part of it that is meant.
    """
    for name in (text, text.rpartition("#")[0], text.rpartition(":")[0]):
        for candidate in (path.parent / name, Path(name)):
            if name and candidate.is_file():
                return Path(f"{candidate}{text[len(name) :]}")
    raise InputError(f"names {text!r}, which does not exist", path, line)


def _once(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return utterances without those that are given twice; raises InputError for two files of one name."""
    first: dict[str, Utterance] = {}
    for row in utterances:
        other = first.setdefault(row.utterance, row).source
        if other != row.source:
            what = f"is the utterance {row.utterance!r}, as {other} is"
            raise InputError(what, row.source, fix="name them in a table with the columns utterance and source")
    return list(first.values())
