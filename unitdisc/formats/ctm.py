"""CTM: one line per label, ``utterance channel start duration label``, times in seconds."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from unitdisc.errors import InputError
from unitdisc.formats.text import digits, read_fields, read_number


class Row(NamedTuple):
    """A label of a file: the line it is on, and the channel of a recording where the format names one."""

    line: int
    utterance: str
    start: float
    end: float
    label: str
    channel: str = ""


def read_ctm(path: Path) -> Iterator[Row]:
    """Yield the labels of a CTM; further fields, such as a confidence, and comments (``;;`` and ``#``) are ignored.

    Of alternatives (``<ALT_BEGIN>``, ``<ALT>``, ``<ALT_END>``) the first is taken. Raises InputError naming file and
    line for a line with fewer than five fields or a time that is not a number.
    """
    alternative, owner = 0, ""
    for line, fields in read_fields(path, comment=";;", least=5):
        if fields[0].startswith("#") and (len(fields) < 5 or not re.match(r"[\d.]", fields[2])):
            continue
        if len(fields) < 5:
            raise InputError("is not 'utterance channel start duration label'", path, line)
        if fields[0] != owner:
            # Alternatives that were never closed end with their utterance.
            alternative, owner = 0, sys.intern(fields[0])
        mark = fields[4].upper()
        if mark in ("<ALT_BEGIN>", "<ALT>", "<ALT_END>"):
            alternative = {"<ALT_BEGIN>": 1, "<ALT_END>": 0}.get(mark, alternative + 1)
        elif alternative <= 1:
            start, duration = (read_number(text, path, line) for text in fields[2:4])
            yield Row(line, owner, round(start, digits), round(start + duration, digits), fields[4], fields[1])


def ctm_lines(utterance: str, spans: Iterable[tuple[str, str, object]]) -> Iterator[str]:
    """Yield the lines of an utterance's (start, duration, label); the times are texts."""
    for start, duration, label in spans:
        yield f"{utterance} 1 {start} {duration} {label}\n"
