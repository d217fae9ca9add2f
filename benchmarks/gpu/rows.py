"""What is found: checks and speeds, written as JSON lines while they come and printed as a table at the end."""

import json
import math
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """A difference that was measured, and the largest that passes; nothing passes where none could be measured."""

    name: str
    measured: float
    most: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is small enough; nan is not."""
        return self.measured <= self.most


@dataclass(frozen=True, slots=True)
class Speed:
    """Ours beside a peer, in frames/s or in ms; ``ratio`` is how many times faster ours is, megabytes are peaks."""

    name: str
    unit: str
    ours: float
    peer: float | None = None
    ours_mb: float | None = None
    peer_mb: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is than the peer."""
        if self.peer is None:
            return None
        return self.peer / self.ours if self.unit == "ms" else self.ours / self.peer


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part for which no time was left, or which a missing package leaves out."""

    name: str
    note: str


Row = Check | Speed | Skipped


class Recorder:
    """Runs the parts one after the other until ``seconds`` are over, and keeps what they find in ``path``."""

    def __init__(self, path: Path, *, seconds: float) -> None:
        self._path = path
        self._end = time.perf_counter() + seconds
        self.rows: list[Row] = []
        path.write_text("")

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.perf_counter()

    @property
    def failed(self) -> list[Check]:
        """The checks that did not pass."""
        return [row for row in self.rows if isinstance(row, Check) and not row.passed]

    def run(self, name: str, find: Callable[[], Iterator[Row]], *, most: float) -> None:
        """Add what ``find`` yields within ``most`` seconds; an error is a failed check and does not stop the rest.

        So is a part that takes longer, unless it is the whole time that is over.
        """
        allowed = min(most, self.left)
        if allowed < 1:
            self.add(Skipped(name, "no time left"))
            return
        try:
            with at_most(allowed):
                start = time.perf_counter()
                for row in find():
                    self.add(row, seconds=time.perf_counter() - start)
                    start = time.perf_counter()
        except OutOfTimeError as error:
            self.add(Check(name, math.inf, 0.0, str(error)) if allowed == most else Skipped(name, str(error)))
        except Exception as error:  # whatever it is, the other parts are to run
            traceback.print_exc()
            self.add(Check(name, math.inf, 0.0, f"{type(error).__name__}: {str(error).strip().splitlines()[:1]}"))

    def add(self, row: Row, *, seconds: float = 0.0) -> None:
        """Keep a row, and show it on standard error."""
        self.rows.append(row)
        line: dict[str, Any] = {"kind": type(row).__name__.lower(), **asdict(row)}
        if isinstance(row, Check):
            line["passed"] = row.passed
        if isinstance(row, Speed):
            line["ratio"] = row.ratio
        self.write(line | {"seconds": seconds})
        print(text_of(row), f"[{seconds:.1f} s]", file=sys.stderr, flush=True)

    def write(self, line: dict[str, Any]) -> None:
        """Append a JSON line; numbers that are not finite become null."""
        finite = {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in line.items()}
        with self._path.open("a") as file:
            file.write(json.dumps(finite) + "\n")

    def table(self) -> str:
        """Return all rows as lines of text, checks before speeds."""
        order = sorted(self.rows, key=lambda row: isinstance(row, Speed))
        checks = [row for row in self.rows if isinstance(row, Check)]
        skipped = [row for row in self.rows if isinstance(row, Skipped)]
        end = f"{len(checks) - len(self.failed)} of {len(checks)} checks passed, {len(skipped)} parts were left out"
        return "\n".join([*map(text_of, order), end, *(f"FAILED: {text_of(row)}" for row in self.failed)])


def text_of(row: Row) -> str:
    """Return a row as a line of text."""
    note = f"  ({row.note})" if row.note else ""
    if isinstance(row, Check):
        return f"{'pass' if row.passed else 'FAIL'}  {row.name:<58} {row.measured:>10.3g} of {row.most:g}{note}"
    if isinstance(row, Skipped):
        return f"skip  {row.name:<58}{note}"
    peer = "" if row.ratio is None else f"  peer {row.peer:>13,.3f}  ratio {row.ratio:6.2f}"
    memory = "" if row.ours_mb is None else f"  {row.ours_mb:,.0f} MB"
    memory += "" if row.peer_mb is None else f", peer {row.peer_mb:,.0f} MB"
    return f"speed {row.name:<58} {row.ours:>13,.3f} {row.unit:<8}{peer}{memory}{note}"


class OutOfTimeError(BaseException):
    """A part has taken all the time that it was allowed; no Exception, which torch.compile would raise as another."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError in the block once ``seconds`` are over; what is not Python, such as a kernel, ends first."""

    def stop(*_: object) -> None:
        raise OutOfTimeError(f"not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
