"""The interruption of a training: what it is asked for between two steps, by a signal or by the clock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from unitdisc import signals
from unitdisc.training import processes


class Wish(IntEnum):
    """What is asked of a training after a step; among several processes the largest one counts."""

    GO_ON = 0
    SAVE = 1
    STOP = 2


class Interruption:
    """Says after each step what all processes of a training are to do.

    ``minutes`` are those between two savings within an epoch, None for no such saving.
    """

    def __init__(self, noted: signals.Noted, minutes: float | None) -> None:
        self._noted, self._minutes = noted, minutes
        self.saved()

    @property
    def signal(self) -> str:
        """The name of the signal that stops this process; another process may have got it instead."""
        return self._noted.names[0] if self._noted.names else "a signal"

    def saved(self) -> None:
        """Begin to count the minutes anew."""
        self._last = time.monotonic()

    def wish(self) -> Wish:
        """Return what to do, the same in all processes, which have to ask at the same step."""
        own = Wish.GO_ON
        if self._noted.names:
            own = Wish.STOP
        elif self._minutes is not None and time.monotonic() - self._last >= 60 * self._minutes:
            own = Wish.SAVE
        return Wish(processes.largest(own))


@contextmanager
def interruption(minutes: float | None) -> Iterator[Interruption]:
    """Yield the interruption of a training, which SIGTERM and SIGUSR1 ask for until the block ends."""
    with signals.noted() as noted:
        yield Interruption(noted, minutes)
