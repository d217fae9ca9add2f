"""Praat's TextGrid: interval tiers are read from the long or short form, and written in the long form."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import decode, read_bytes
from unitdisc.formats.text import close, decimal, digits
from unitdisc.formats.tiers import Interval, Tier, choose_tiers

Span = tuple[float, float, str]  # start, end, text

# A quoted text (with quotes inside doubled), a comment, a number by itself (not an index in brackets), or a flag.
pattern = re.compile(r'"((?:[^"]|"")*)"|![^\r\n]*|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)|<(exists|absent)>')


class Values:
    """The values of a TextGrid in file order, without the names of the long format and comments."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.matches = [match for match in pattern.finditer(text) if match.lastindex]
        self.position = 0
        self.line = 1
        self.offset = 0

    def next(self, group: int, what: str) -> str:
        """Return the next value, which must be a text (group 1), a number (2) or a flag (3)."""
        match = self.matches[self.position] if self.position < len(self.matches) else None
        if match is not None:
            self.line += self.text.count("\n", self.offset, match.start())
            self.offset = match.start()
        if match is None or match[group] is None:
            problem = "the file ends" if match is None else f"{match[0]!r} occurs"
            raise InputError(f"{problem} where a TextGrid has {what}", self.path, self.line)
        self.position += 1
        return match[group]

    def string(self, what: str) -> str:
        """Return the next value, a text, with doubled quotes made single."""
        return self.next(1, what).replace('""', '"')

    def number(self, what: str) -> float:
        """Return the next value, a number."""
        return float(self.next(2, what))

    def count(self, what: str) -> int:
        """Return the next value, a number of items."""
        number = self.number(what)
        if not 0 <= number < 1e9:
            raise InputError(f"{number:g} occurs where a TextGrid has {what}", self.path, self.line)
        return int(number)


def read_tiers(path: Path, tier: str | None = None) -> list[Tier]:
    """Read the tiers of phones, or those that ``tier`` chooses by name or number; see ``choose_tiers``.

    Raises InputError for a file that is no TextGrid or has no such tier.
    """
    return choose_tiers(all_tiers(path), tier, path)


def all_tiers(path: Path) -> list[Tier]:
    """Read every interval tier of a TextGrid; point tiers are skipped. Raises InputError for other files."""
    values = Values(path, _decode(path))
    header = values.string("'ooTextFile'"), values.string("'TextGrid'")
    if header not in (("ooTextFile", "TextGrid"), ("ooTextFile short", "TextGrid")):  # the latter of old programs
        fix = "save it in Praat as a text file, not a chronological one"
        raise InputError("is not a TextGrid in text form", path, 1, fix)
    values.number("its start")
    values.number("its end")
    tiers: list[Tier] = []
    if values.next(3, "<exists>") == "absent":
        return tiers
    for number in range(1, values.count("its number of tiers") + 1):
        kind, name = values.string("the class of a tier"), values.string("the name of a tier")
        values.number("the start of a tier")
        end = values.number("the end of a tier")
        count = values.count("the size of a tier")
        if kind == "IntervalTier":
            tiers.append(Tier(number, name, end, tuple(_interval(values) for _ in range(count))))
        else:
            for _ in range(count):
                values.number("a time")
                values.string("a mark")
    return tiers


def _interval(values: Values) -> Interval:
    start, end = values.number("the start of an interval"), values.number("the end of an interval")
    text = values.string("the text of an interval").strip()
    return Interval(values.line, start, end, text)


def _decode(path: Path) -> str:
    raw = read_bytes(path)
    if raw.startswith(b"ooBinaryFile"):
        raise InputError("is a binary TextGrid", path, fix="save it as a text file in Praat")
    if raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):  # Praat writes UTF-16 for text that is not ASCII
        try:
            return decode(raw, path)
        except InputError as error:
            raise InputError(
                str(error), fix="set Praat's text writing preferences to UTF-8 and save it again"
            ) from None
    try:
        return raw.decode("utf-16")
    except UnicodeDecodeError as error:
        raise InputError(f"is not a UTF-8 or UTF-16 text file ({error})", path) from None


def fill(intervals: Iterable[Span], duration: float) -> Iterator[Span]:
    """Yield intervals from 0 to ``duration`` (seconds): gaps become empty intervals, and the rest is cut off.

    Praat requires that each interval starts where the previous one ends, and ends later: as the times are written.
    """
    position, duration = 0.0, round(duration, digits)
    for start, end, text in intervals:
        start, end = (min(round(time, digits), duration) for time in (start, end))
        if start > position + close:
            yield position, start, ""
            position = start
        if end > position + close:
            yield position, end, text
            position = end
    if duration > position + close:
        yield position, duration, ""


def textgrid_lines(tiers: Mapping[str, Sequence[Span]], duration: float) -> Iterator[str]:
    """Yield the lines of the long text form; every tier must go from 0 to ``duration`` (seconds) without gaps."""
    yield 'File type = "ooTextFile"'
    yield 'Object class = "TextGrid"'
    yield ""
    yield "xmin = 0"
    yield f"xmax = {decimal(duration)}"
    yield "tiers? <exists>"
    yield f"size = {len(tiers)}"
    yield "item []:"
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier"'
        yield f'        name = "{name.replace(chr(34), chr(34) * 2)}"'
        yield "        xmin = 0"
        yield f"        xmax = {decimal(duration)}"
        yield f"        intervals: size = {len(intervals)}"
        for index, (start, end, text) in enumerate(intervals, start=1):
            quoted = text.replace('"', '""')
            yield f"        intervals [{index}]:"
            yield f"            xmin = {decimal(start)}"
            yield f"            xmax = {decimal(end)}"
            yield f'            text = "{quoted}"'
