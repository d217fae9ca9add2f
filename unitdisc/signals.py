"""Signals that end a command: raised as an exception, so that nothing half-written is left, or noted for later."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Snakemake, Slurm and every other scheduler count this exit code (EX_TEMPFAIL of sysexits.h) as a failure, and a retry
# of the same command goes on where it was.
EXIT_AGAIN = 75
asking = (signal.SIGTERM, signal.SIGUSR1)  # the signals by which a scheduler asks a job to end


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


def end_on(*numbers: signal.Signals, code: int | None = None) -> None:
    """Raise Ended when one of these signals arrives; its code is by default that of a shell, 128 + the number."""

    def end(number: int, _: FrameType | None) -> None:
        raise Ended(signal.Signals(number).name, 128 + number if code is None else code)

    if _is_main():
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
            for number, handler in before.items():
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, handler)


def _is_main() -> bool:
    """Return whether this is the thread in which Python handles signals."""
    return threading.current_thread() is threading.main_thread()
