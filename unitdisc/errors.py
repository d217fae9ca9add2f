"""The one error a user's mistake raises: what is wrong, where, and what to do."""

from os import PathLike

# Set for the processes of a training by the one that starts them and tells their mistakes.
told_by_launcher = "UNITDISC_TOLD_BY_LAUNCHER"


class InputError(ValueError):
    """A mistake in somebody's file or setting, told in one line.

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
