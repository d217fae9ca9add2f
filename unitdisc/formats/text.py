"""Text files, read as UTF-8 with or without a byte order mark; every encoding error is reported here."""

from collections.abc import Iterator
from pathlib import Path

from unitdisc.errors import InputError


def read_text(path: str | Path) -> str:
    """Return the text of a file; raises InputError for one that is missing, a folder, or not UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None


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
    return f"{value:.6f}".rstrip("0").rstrip(".")
