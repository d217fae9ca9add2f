"""Parts of a split, for jobs side by side: equal shares of its utterances, in their order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from unitdisc.errors import InputError

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
