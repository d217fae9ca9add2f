"""The names of utterances: one rule for all folders, and how files of other programs are matched with known names."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

from unitdisc.errors import InputError
from unitdisc.formats.text import plain_name


def utterance_name(relative: PurePath) -> str:
    """Return the name of a file's utterance: its path below the folder without the ending, folders joined by ``-``."""
    return plain_name("-".join(relative.with_suffix("").parts))


class Names:
    """The names of utterances that are ``known``, found by the paths and spellings that other programs use for them.

    ``aliases`` are names of their own for a text and its channel.
    """

    def __init__(
        self, known: Collection[str] = (), aliases: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> None:
        self.known, self._aliases = frozenset(known), aliases
        self._alike = _unambiguous((_key(name), name) for name in self.known)
        self._ends = _unambiguous((end, name) for name in self.known for end in _ends(_key(name)))

    def of_path(self, relative: PurePath) -> str:
        """Return the name of the file at a path below its folder.

        That is the known name which its path, or the end of its path, spells with ``-``, ``_`` or ``/`` between the
        folders, or which ends in its path; where there is none, the name by the rule.
        """
        name = utterance_name(relative)
        parts = name.split("-") if len(relative.parts) == 1 else [plain_name(p) for p in relative.with_suffix("").parts]
        for first in range(len(parts)):
            found = self._found("-".join(parts[first:]))
            if found:
                return found
        return self._ends.get(_key(name), name)

    def of_text(self, text: str, channel: str = "") -> str:
        """Return the known name that a text spells, with its ``channel`` after it where that is needed."""
        name = plain_name(text)
        for spelling in (name, f"{name}-{channel}") if channel else (name,):
            found = self._found(spelling)
            if found:
                return found
        return self._aliases.get((name, channel)) or self._ends.get(_key(name), name)

    def _found(self, name: str) -> str | None:
        return name if name in self.known else self._alike.get(_key(name))


def named(files: Iterable[Path], root: Path, known: Collection[str] = ()) -> Mapping[str, Path]:
    """Return the files below ``root`` by utterance; raises InputError where two would have the same name."""
    names = Names(known)
    by_file = {file: names.of_path(file.relative_to(root)) for file in files}
    counts = Counter(by_file.values())
    for file, name in by_file.items():
        if counts[name] > 1:
            others = sum(other == name for other in by_file.values())
            raise InputError(f"is the utterance {name!r}, as {others} files are", file, fix="rename the others")
    return {name: file for file, name in by_file.items()}


def _key(name: str) -> str:
    """Return what is the same for all spellings of a name."""
    return re.sub(r"[-_/\\ .]+", "-", plain_name(name))


def _ends(key: str) -> list[str]:
    """Return the ends of a name that begin after a separator."""
    return [key[match.end() :] for match in re.finditer("-", key)]


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the values of the keys that have one value only."""
    values: dict[str, set[str]] = {}
    for key, value in pairs:
        values.setdefault(key, set()).add(value)
    return {key: next(iter(of)) for key, of in values.items() if len(of) == 1}
