"""Signals that end a command: raised as an exception, so that nothing half-written is left, or noted for later."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# Snakemake, Slurm and every other scheduler count this exit code (EX_TEMPFAIL of sysexits.h) as a failure, and a retry
# of the same command goes on where it was.
EXIT_AGAIN = 75
asking = (signal.SIGTERM, signal.SIGUSR1)  # the signals by which a scheduler asks a job to end
# Seconds until an exception is raised again: a finaliser, a callback of a weak reference and compiled code swallow what
# is raised while they run, and the command would go on as if no signal had come.
AGAIN = 0.1


class Ended(SystemExit):
    """The end of a command by a signal, with its exit code."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(code)
        self.name = name


class Noted:
    """The signals that have arrived."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def note(self, number: int, _: FrameType | None) -> None:
        """Note a signal; a handler."""
        self.names.append(signal.Signals(number).name)


@dataclass(frozen=True)
class _Alarm:
    """The handler of a timer that handles another signal again."""

    handler: Callable[[int, FrameType | None], None]
    number: int

    def __call__(self, _: int, frame: FrameType | None) -> None:
        self.handler(self.number, frame)


def end_on(*numbers: signal.Signals, code: int | None = None) -> None:
    """Raise Ended when one of these signals arrives; its code is by default that of a shell, 128 + the number.

    It is raised again until the command is on its way out, and not once more while it cleans up.
    """

    def end(number: int, _: FrameType | None) -> None:
        if not _ends():
            _again(end, number)
            raise Ended(signal.Signals(number).name, 128 + number if code is None else code)

    if _is_main():
        if sys.unraisablehook is sys.__unraisablehook__:
            sys.unraisablehook = _report_unraisable
        for number in numbers:
            signal.signal(number, end)


@contextmanager
def ending(code: int) -> Iterator[None]:
    """End with ``code`` at once when a scheduler asks for it, until the block ends."""
    with _kept():
        end_on(*asking, code=code)
        yield


@contextmanager
def noted() -> Iterator[Noted]:
    """Yield the signals of a scheduler that arrive in the block, which do nothing else."""
    found = Noted()
    with _kept():
        if _is_main():
            for number in asking:
                signal.signal(number, found.note)
        yield found


def ignore() -> None:
    """Ignore the signals of a scheduler from now on: this process is already at its end."""
    if _is_main():
        _no_more()
        for number in asking:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def _kept() -> Iterator[None]:
    """Put back the handlers of before when the block ends, unless they are to be ignored by then."""
    before = {number: signal.getsignal(number) for number in asking}
    try:
        yield
    finally:
        if _is_main():
            _no_more()
            for number, handler in before.items():
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, handler)


def _again(handler: Callable[[int, FrameType | None], None], number: int) -> None:
    """Handle a signal every ``AGAIN`` seconds from now on."""
    signal.signal(signal.SIGALRM, _Alarm(handler, number))
    signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)


def _no_more() -> None:
    """Handle no signal again; a timer of somebody else's stays."""
    if isinstance(signal.getsignal(signal.SIGALRM), _Alarm):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, _nothing)  # an alarm may be on its way: it would be an error without a handler


def _nothing(_: int, __: FrameType | None) -> None:
    """Handle a signal by doing nothing."""


def _ends() -> bool:
    """Return whether Ended is what is being handled now, also where another error came up meanwhile."""
    error = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, Ended):
            return True
        error = error.__context__
    return False


def _report_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Report an error that Python cannot raise; Ended is raised again, and needs no report."""
    if not issubclass(unraisable.exc_type, Ended):
        sys.__unraisablehook__(unraisable)


def _is_main() -> bool:
    """Return whether this is the thread in which Python handles signals."""
    return threading.current_thread() is threading.main_thread()
