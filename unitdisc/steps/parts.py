"""Parts of a split, for jobs side by side: equal shares of its utterances, in their order."""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from unitdisc.errors import InputError
from unitdisc.workspace import discard

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Part:
    """Part ``number``, counted from 1, of ``of`` parts; its text is 2-of-3."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}-of-{self.of}"

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items of this part; a part may be empty where there are more parts than items."""
        first, end = (len(items) * number // self.of for number in (self.number - 1, self.number))
        return items[first:end]


def parts(of: int) -> list[Part]:
    """Return all parts, in their order."""
    return [Part(number, of) for number in range(1, of + 1)]


def read_part(text: str) -> Part:
    """Return the part that a text such as 2-of-3 names; raises InputError for one that is none."""
    match = re.fullmatch(r"([0-9]{1,6})-of-([0-9]{1,6})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f"--part {text!r} is no part", fix="the second of three is 2-of-3")
    return Part(int(match[1]), int(match[2]))


def clear_parts(folder: Path, split: str, keep: Collection[str] = ()) -> None:
    """Remove the parts of a split, also those of another number, and what killed jobs left of them.

    The workflow removes files that are named in ``keep`` itself.
    """
    for path in folder.glob(f"*{split}.*-of-*"):
        if path.is_dir():
            discard(path)
        elif path.name not in keep:
            path.unlink(missing_ok=True)
    with suppress(OSError):  # it is not there, or has parts of another split
        folder.rmdir()
