"""The one error that a user's mistake raises: what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable
from os import PathLike

# Set in the processes of a training by the launcher, which reports their errors itself.
reported_by_launcher = "UNITDISC_REPORTED_BY_LAUNCHER"


class InputError(ValueError):
    """A mistake in a user's file or setting, described in one line.

    ``what`` says what is wrong and with which value; ``path`` and ``line`` (counted from 1) say where; ``fix`` says
    what to do. The command line prints it without a traceback and exits with code 2.
    """

    def __init__(
        self,
        what: str,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        fix: str | None = None,
    ) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(where + what + (f"; {fix}" if fix else ""))


def nearest(name: str, known: Iterable[str]) -> str:
    """Name the known name nearest to ``name``, or list all of them, as the end of an error line."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; the nearest known is {close[0]!r}"
    return f"; known are {', '.join(names)}" if names else ""
