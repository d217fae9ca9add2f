"""Lines, fields, names and numbers of text files, and how times are written."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import holds_nul, read_text

digits = 6  # decimals of a time: 0.3 + 0.03 is 0.33
blanks = " \t\r\f\v"
separator = re.compile(rf"[{blanks}]+")
# With the marks of direction; not the joiners, which some scripts are written with.
invisible = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Unicode's private-use areas, which normalisation does not change: in the basic plane and in planes 15 and 16.
private_areas = ((0xE000, 6400), (0xF0000, 65534), (0x100000, 65534))
beyond = 1e300  # numbers of files are smaller, so that they are finite in milliseconds, too
close = 0.5 * 10**-digits  # times closer together than this are equal


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a file; only line feeds separate lines."""
    return read_text(path).split("\n")


def each_line(path: str | Path) -> Iterator[str]:
    """Yield the lines of a file that may not fit in memory, as ``read_lines`` does."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline=None) as file:
            for number, line in enumerate(file, start=1):
                if "\0" in line:
                    raise holds_nul(path, number)
                yield line.removesuffix("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except IsADirectoryError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None


def fields_of(line: str, *, least: int = 1, most: int = 0) -> list[str]:
    """Return the fields of a line, which spaces and tabs separate, as in Kaldi: other white space is part of a field.

    Where that gives fewer than ``least``, all white space separates. With ``most``, there are no more fields than that,
    and the last one is the rest of the line.
    """
    if most == 1:
        return [line.strip(blanks)] if line.strip() else []
    fields = separator.split(line.strip(blanks), maxsplit=max(most - 1, 0))
    if len(fields) < least:
        fields = line.split(maxsplit=most - 1 if most else -1)
    return [field for field in fields if field]


def read_fields(path: str | Path, *, comment: str | None = None, least: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield number and fields of each line that is not blank and does not start with ``comment``; see ``fields_of``."""
    for number, line in enumerate(each_line(path), start=1):
        fields = fields_of(line, least=least)
        if fields and not (comment and fields[0].startswith(comment)):
            yield number, fields


def plain(text: str) -> str:
    """Return a label as it is compared: composed (NFC), with single plain spaces, without characters of no width."""
    return " ".join(_composed(text).split())


def plain_name(text: str) -> str:
    """Return a name as it is compared: as ``plain``, with an underscore for each white space.

    Equal names are one object, as many tables have them all.
    """
    return sys.intern(re.sub(r"\s", "_", _composed(text)))


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", invisible.sub("", text))


def transcript(text: str) -> str:
    """Return a transcript as a table can hold it: as it is spelt, with single plain spaces, in one line."""
    if not is_writable(text):
        text = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text)
    return " ".join(text.split())


def is_writable(name: str) -> bool:
    """Return whether a name can be written: it has no control characters, and no bytes that are not UTF-8."""
    return name.isprintable() or not {unicodedata.category(character) for character in name} & {"Cc", "Cs"}


def read_number(text: str, path: str | Path, line: int) -> float:
    """Return a number; raises InputError naming file and line for anything else, and ``beyond`` measure."""
    try:
        value = float(text if text.isascii() and "_" not in text else "nan")
    except ValueError:
        value = float("nan")
    if not abs(value) < beyond:
        raise InputError(f"{text!r} is not a number", path, line)
    return value


def counted(count: int, things: str) -> str:
    """Return a number with what it counts, ``things`` in the plural."""
    return f"{count:,} {things if count != 1 else things.removesuffix('s')}"


def decimal(value: float) -> str:
    """Return a time as the shortest decimal that is accurate to a microsecond."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def private_character(unit: int) -> str:
    """Return the private-use character that stands for a unit; U+FFFD for a unit beyond the last of them."""
    for first, size in private_areas:
        if unit < size:
            return chr(first + unit)
        unit -= size
    return "\ufffd"
