"""The names of utterances: one rule for all folders, and how files of other programs are matched with known names."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TypeVar

from unitdisc.errors import InputError
from unitdisc.formats.text import plain_name
from unitdisc.modality import handwriting, speech

# Of recordings and images, which other programs may keep in a name.
ending = re.compile(f"(?:{'|'.join(map(re.escape, sorted(speech.endings | handwriting.endings)))})$", re.IGNORECASE)


def utterance_name(relative: PurePath) -> str:
    """Return the name of a file's utterance: its path below the folder without the ending, folders joined by ``-``."""
    return plain_name("-".join(relative.with_suffix("").parts))


def name_of_path_text(text: str) -> str:
    """Return ``utterance_name`` of a path below its folder without making a path of the text, for tables of millions.

    Steps up (``..``) do not count.
    """
    *folders, last = [part for part in text.split("/") if part not in ("", ".", "..")] or [""]
    stem, _, suffix = last.rpartition(".")
    return plain_name("-".join([*folders, stem if stem and suffix else last]))


class Names:
    """The names of utterances that are ``known``, found by the paths and spellings that other programs use for them.

    ``aliases`` are names of their own for a text and its channel.
    """

    def __init__(
        self, known: Collection[str] = (), aliases: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> None:
        self.known = known if isinstance(known, Set) else frozenset(known)
        self._aliases = aliases

    @cached_property
    def _alike(self) -> dict[str, str]:
        return _unambiguous((_key(name), name) for name in self.known)

    @cached_property
    def _ends(self) -> dict[str, str]:
        return _unambiguous((end, name) for name in self.known for end in _ends(_key(name)))

    def of_path(self, relative: PurePath) -> str:
        """Return the name of the file at a path below its folder.

        That is the known name which its path, or the end of its path, spells with ``-``, ``_`` or ``/`` between the
        folders, or which ends in its path, or in which its name ends; where there is none, the name by the rule.
        """
        return self.of_paths([relative])[relative]

    def of_paths(self, paths: Iterable[PurePath]) -> dict[PurePath, str]:
        """Return the name of each file, one by its path alone before one by a part of it.

        Known names that end in a path, or in which one ends, count only where no path is a known name. Raises
        ValueError for two paths that are the same name, with the name.
        """
        spelt = {path: utterance_name(path) for path in paths}
        levels = (
            lambda path: spelt[path] if spelt[path] in self.known else None,
            lambda path: self._of_tails(path),
            lambda path: self._ends.get(_key(spelt[path])) or self._of_ends(_key(spelt[path])),
        )
        found = _in_turn(spelt, levels, strict=True)
        names = {path: found.get(path, name) for path, name in spelt.items()}
        name, count = Counter(names.values()).most_common(1)[0] if names else ("", 1)
        if count > 1:
            raise ValueError(name)
        return names

    def of_texts(self, texts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the known name that each text spells, in their order, with its channel after it where that is needed.

        An equal name goes before one that is spelt in another way. Known names that end in a text count only where no
        text is a known name: a file may be of other utterances too.
        """
        spelt = {pair: plain_name(pair[0]) for pair in texts}
        levels = (
            lambda pair: spelt[pair] if spelt[pair] in self.known else None,
            lambda pair: self._found(spelt[pair]) or (pair[1] and self._found(f"{spelt[pair]}-{pair[1]}")),
            lambda pair: (
                next(filter(None, map(self._found, _tails(PurePath(pair[0])))), None) if "/" in pair[0] else None
            ),
            lambda pair: self._aliases.get((spelt[pair], pair[1])),
            lambda pair: self._ends.get(_key(spelt[pair])),
        )
        spelt.update(_in_turn(spelt, levels, several=spelt.__getitem__))
        return spelt

    def _of_tails(self, path: PurePath | str) -> str | None:
        return next(filter(None, map(self._found, _tails(PurePath(path)))), None)

    def _of_ends(self, key: str) -> str | None:
        return next((self._alike[end] for end in _ends(key) if end in self._alike), None)

    def alike(self, text: str) -> str | None:
        """Return the known name that a text spells as a whole."""
        return self._found(plain_name(text))

    def ending_in(self, text: str) -> str | None:
        """Return the only known name that a text is the end of."""
        return self._ends.get(_key(text))

    def _found(self, name: str) -> str | None:
        return name if name in self.known else self._alike.get(_key(name))


def named(
    files: Iterable[Path], root: Path, known: Collection[str] = (), *, fix: str = "rename the others"
) -> Mapping[str, Path]:
    """Return the files below ``root`` by utterance; raises InputError where two would have the same name."""
    by_path = {file.relative_to(root): file for file in files}
    names = Names(known)
    try:
        return {name: by_path[Path(path)] for path, name in names.of_paths(by_path).items()}
    except ValueError as error:
        (name,) = error.args
        same = [file for path, file in by_path.items() if names.of_path(path) == name] or list(by_path.values())
        others = f"{same[1]} is" if len(same) == 2 else f"{len(same) - 1} others are, such as {same[1]}"
        raise InputError(f"is the utterance {name!r}, as {others}", same[0], fix=fix) from None


Item = TypeVar("Item", bound=Hashable)


def shortened(text: str, name: str) -> bool:
    """Return whether a text is only the end of the name that it was found to be."""
    return _key(name).endswith(f"-{_key(text)}")


def _in_turn(
    items: Collection[Item],
    levels: Sequence[Callable[[Item], str | None]],
    several: Callable[[Item], Hashable] = lambda item: item,
    *,
    strict: bool = False,
) -> dict[Item, str]:
    """Return the name that the first possible level gives an item, unless an earlier level gave it to another one.

    The last level counts only where the others find nothing at all. Items that are the same by ``several`` may share a
    name; of others, none has a name that a later level gives to two. If ``strict``, that raises ValueError.
    """
    found: dict[Item, str] = {}
    refused: set[str] = set()
    for number, level in enumerate(levels):
        if len(found) == len(items) or (number == len(levels) - 1 and found):
            break
        taken = refused | set(found.values())
        given = {item: name for item in items if item not in found and (name := level(item)) and name not in taken}
        if number or strict:  # of the first level, two may have a name that is theirs
            owners: dict[str, set[Hashable]] = {}
            for item, name in given.items():
                owners.setdefault(name, set()).add(several(item))
            clashes = [name for name, of in owners.items() if len(of) > 1]
            if strict and clashes:
                raise ValueError(clashes[0])
            refused.update(clashes)
            given = {item: name for item, name in given.items() if len(owners[name]) == 1}
        found = found | given if found else given
    return found


def _tails(path: PurePath) -> list[str]:
    """Return the ends of a path, longest first, with ``-`` between its folders."""
    parts = [plain_name(part) for part in path.with_suffix("").parts]
    if len(parts) == 1:
        parts = parts[0].split("-")
    return ["-".join(parts[first:]) for first in range(len(parts))]


def _key(name: str) -> str:
    """Return what is the same for all spellings of a name."""
    return re.sub(r"[-_/\\ .]+", "-", ending.sub("", plain_name(name)))


def _ends(key: str) -> list[str]:
    """Return the ends of a name that begin after a separator."""
    return [key[match.end() :] for match in re.finditer("-", key)]


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the values of the keys that have one value only."""
    values: dict[str, str | None] = {}
    for key, value in pairs:
        if values.setdefault(key, value) != value:
            values[key] = None
    return {key: value for key, value in values.items() if value is not None}
