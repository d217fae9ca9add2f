"""The one error that a user's mistake raises: what is wrong, where, and what to do."""

import difflib
import re
from collections.abc import Iterable
from os import PathLike

# Set in the processes of a training by the launcher, which reports their errors itself.
reported_by_launcher = "UNITDISC_REPORTED_BY_LAUNCHER"
# Characters of a message. It may quote what a file holds, of any length; three long paths and a remedy have to fit.
longest = 2000
least = 80  # characters that what is wrong has at least, however long the path is
# Characters that end a line, move a terminal's cursor, turn the direction of writing, or cannot be written.
unprintable = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class InputError(ValueError):
    """A mistake in a user's file or setting, described in one line.

    ``what`` says what is wrong and with which value; ``path`` and ``line`` (counted from 1) say where; ``fix`` says
    what to do. What is quoted from a file may be of any length and have any characters: the line has at most
    ``longest`` characters, and those that cannot be printed are escaped. The command line prints it without a traceback
    and exits with code 2.
    """

    def __init__(
        self,
        what: str,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        fix: str | None = None,
    ) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        where, end = shortened(one_line(where), longest - 2 * least), one_line(f"; {fix}" if fix else "")
        end = shortened(end, longest - len(where) - least)
        super().__init__(where + shortened(one_line(what), longest - len(where) - len(end)) + end)


def one_line(text: str) -> str:
    """Return a text in one line: line ends are spaces, and characters that cannot be printed are escaped."""
    if text.isascii() and text.isprintable():
        return text
    return unprintable.sub(lambda found: ascii(found[0])[1:-1], re.sub("[\t\r\n]+", " ", text))


def shortened(text: str, most: int) -> str:
    """Return a text without its middle where it has more than ``most`` characters."""
    if len(text) <= most:
        return text
    tail = max(most // 4, 0)
    return f"{text[: most - tail - 1]}…{text[len(text) - tail :]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known name nearest to ``name``, or list all of them, as the end of an error line."""
    names = list(known)
    close = difflib.get_close_matches(name[:longest], names, n=1, cutoff=0.5)
    if close:
        return f"; the nearest known is {close[0]!r}"
    return f"; known are {', '.join(names)}" if names else ""
