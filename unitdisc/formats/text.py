"""Lines, fields and numbers of text files, and how times are written."""

from collections.abc import Iterator
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import read_text

digits = 6  # decimals of a time: 0.3 + 0.03 is 0.33
close = 0.5 * 10**-digits  # times closer together than this are equal


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a file; only line feeds separate lines."""
    return read_text(path).split("\n")


def read_fields(path: str | Path, *, comment: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield number and fields of each line that is not blank and does not start with ``comment``."""
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip() and not (comment and line.startswith(comment)):
            yield number, line.split()


def read_number(text: str, path: str | Path, line: int) -> float:
    """Return a finite number; raises InputError naming file and line for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise InputError(f"{text!r} is not a number", path, line)
    return value


def decimal(value: float) -> str:
    """Return a time as the shortest decimal that is accurate to a microsecond."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")
