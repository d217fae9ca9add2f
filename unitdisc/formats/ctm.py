"""CTM: one line per label, ``utterance channel start duration label``, times in seconds."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.formats.text import digits, read_fields, read_number

Row = tuple[int, str, float, float, str]  # line, utterance, start, end, label


def read_ctm(path: Path) -> Iterator[Row]:
    """Yield the labels of a CTM; further fields, such as a confidence, and comments (``;;``) are ignored.

    Raises InputError naming file and line for a line with fewer than five fields or a time that is not a number.
    """
    for line, fields in read_fields(path, comment=";;"):
        if len(fields) < 5:
            raise InputError("is not 'utterance channel start duration label'", path, line)
        start, duration = (read_number(text, path, line) for text in fields[2:4])
        yield line, fields[0], round(start, digits), round(start + duration, digits), fields[4]


def ctm_lines(utterance: str, spans: Iterable[tuple[str, str, object]]) -> Iterator[str]:
    """Yield the lines of an utterance's (start, duration, label); the times are texts."""
    for start, duration, label in spans:
        yield f"{utterance} 1 {start} {duration} {label}\n"
