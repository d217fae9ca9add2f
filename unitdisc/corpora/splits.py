"""Splits of a folder that are given: sub-folders, lists of files, or a table of files and their splits."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import NamedTuple

from unitdisc.config import Split
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.formats.row_tables import read_row_table, text_of
from unitdisc.formats.text import read_lines
from unitdisc.formats.utterance_names import Names

# How corpora name their splits; what follows a hyphen, point or underscore tells parts of one apart: dev-clean.
usual: Mapping[Split, tuple[str, ...]] = MappingProxyType(
    {
        "train": ("train", "training"),
        "dev": ("dev", "valid", "val", "validation", "devel", "development"),
        "test": ("test", "eval", "evaluation"),
    }
)
Sources = Mapping[Split, tuple[str, ...]]


class Entry(NamedTuple):
    """A line of a list or table that puts a file in a split: the text that names the file, and the line's number."""

    split: Split
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class GivenSplits:
    """The splits of the files below ``root`` by their ``sources``: sub-folders, lists, or values in a ``table``."""

    root: Path
    sources: Sources
    table: Path | None = None

    @property
    def folders(self) -> dict[Split, list[Path]]:
        """The sub-folders of each split."""
        texts = {} if self.table else self.sources
        return {split: [self.root / text for text in of if self._is_folder(text)] for split, of in texts.items()}

    @property
    def lists(self) -> list[tuple[Split, Path]]:
        """The list files, each with its split; raises InputError for what is neither a sub-folder nor a file."""
        texts = {} if self.table else self.sources
        return [(split, self._list(text)) for split, of in texts.items() for text in of if not self._is_folder(text)]

    def files(self) -> list[Path]:
        """Return the table and the lists that exist."""
        texts = () if self.table else [text for of in self.sources.values() for text in of]
        candidates = [path for text in texts for path in (self.root / text, Path(text))]
        return [path for path in (*candidates, *([self.table] if self.table else ())) if path.is_file()]

    def chosen(self, names: Mapping[str, Path], unreadable: Unreadable) -> dict[str, Split]:
        """Return the split of each of the files by ``names``; those of no split are not in it.

        Lines that name no file are kept in ``unreadable``. Raises InputError for a file in two splits.
        """
        chosen: dict[str, Split] = {}
        for split, folders in self.folders.items():
            for folder in folders:
                inside = [name for name, path in names.items() if path.is_relative_to(folder)]
                if not inside:
                    raise InputError("holds no file of the corpus", folder, fix="see splits")
                _add(chosen, ((name, split) for name in inside), folder)
        known = Names(names)
        for path, entries in self._entries().items():
            found = known.of_texts((entry.text, "") for entry in entries)
            for entry in entries:
                name = found[entry.text, ""]
                with unreadable.caught(f"{path}:{entry.line}", path, entry.line):
                    if name not in names:
                        raise InputError(f"{entry.text!r} is no file of the corpus")
                if name in names:
                    _add(chosen, [(name, entry.split)], path, entry.line)
        return chosen

    def _is_folder(self, text: str) -> bool:
        path = PurePath(text)
        return not path.is_absolute() and ".." not in path.parts and (self.root / path).is_dir()

    def _list(self, text: str) -> Path:
        for path in (self.root / text, Path(text)):
            if path.is_file():
                return path
        raise InputError(f"has no sub-folder {text!r}, and there is no such list", self.root, fix="see splits")

    def _entries(self) -> dict[Path, list[Entry]]:
        """Return the lines of each list, or of the table."""
        if self.table is not None:
            return {self.table: list(_of_table(self.table, self.sources))}
        entries: dict[Path, list[Entry]] = defaultdict(list)
        for split, path in self.lists:
            for number, line in enumerate(read_lines(path), start=1):
                text = line.partition("\t")[0].strip()  # what follows is the number of samples, in some programs
                if text:
                    entries[path].append(Entry(split, text, number))
        return entries


def _of_table(path: Path, sources: Sources) -> Iterator[Entry]:
    table = read_row_table(path, ("path", "utterance", "split"))
    split_of = {text: split for split, of in sources.items() for text in of}
    key = "path" if "path" in table.columns else "utterance"
    for line, value, name in zip(table.lines, table.column("split"), table.column(key), strict=True):
        try:
            split, text = split_of.get(text_of(value, "split")), text_of(name, key)
        except InputError as error:
            raise InputError(str(error), path, line) from None
        if split is not None:
            yield Entry(split, text, line)


def _add(chosen: dict[str, Split], pairs: Iterable[tuple[str, Split]], path: Path, line: int | None = None) -> None:
    for name, split in pairs:
        if chosen.setdefault(name, split) != split:
            raise InputError(f"{name!r} is in {chosen[name]} and in {split}", path, line, "put it in one split")


def looks_given(folders: Iterable[str]) -> dict[Split, list[str]] | None:
    """Return the splits of sub-folders that are all named like splits, of at least two; otherwise None."""
    found: dict[Split, list[str]] = defaultdict(list)
    for folder in folders:
        word = re.split(r"[-_.]", folder.lower())[0]
        split = next((split for split, words in usual.items() if word in words), None)
        if split is None:
            return None
        found[split].append(folder)
    return found if len(found) > 1 else None


def as_setting(found: Mapping[Split, Sequence[str]]) -> str:
    """Return such splits as they are written in a configuration."""
    parts = (
        f"{split}: {found[split][0] if len(found[split]) == 1 else '[' + ', '.join(found[split]) + ']'}"
        for split in usual
        if split in found
    )
    return f"splits: {{{', '.join(parts)}}}"
