"""Every step, and the workflow, ended at random moments and given too small a disk; the bytes must be those of before.

A step that was ended is simply run again. A full disk is a small one where the system lets one be mounted, else a limit
on the size of a file: the step must end in one line and exit code 2, and run right afterwards.
"""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from numpy.random import Generator

from benchmarks.soak.experiment import Command, digests, finished, left_over, made, started, steps, temporary
from tests.helpers.full_disks import fill, mounted, unmount
from unitdisc.signals import EXIT_AGAIN

workflow: Command = ("workflow",)
disk = "64m"
unlocked = ("workflow", "--unlock")
# A step that is asked to end has ended before, or says so by its exit code; Python's own, before it listens.
by_request = (0, 128 + signal.SIGTERM, EXIT_AGAIN, -signal.SIGTERM)


@dataclass(frozen=True)
class Undisturbed:
    """An experiment that ran in peace: what each step took in seconds, the digests of all results, and hidden files."""

    seconds: Mapping[Command, float]
    digests: Mapping[str, str]
    left_over: Sequence[str]


@dataclass
class Outcome:
    """How often steps were disturbed, and what was found."""

    disturbed: int = 0
    findings: list[str] = field(default_factory=list)

    def expect(self, said: str, *, ok: bool) -> None:
        """Count a disturbance, and keep ``said`` where it did not end as it should."""
        self.disturbed += 1
        if not ok:
            self.findings.append(said)


Disturbance = Callable[[Path, Command, float, Outcome], None]


def undisturbed(folder: Path) -> Undisturbed:
    """Run every step in peace; raises RuntimeError for one that fails."""
    made(folder)
    seconds = {}
    for command in steps():
        start = time.monotonic()
        code, said = finished(folder, command)
        seconds[command] = time.monotonic() - start
        if code:
            raise RuntimeError(f"{' '.join(command)} ended with {code}: {said}")
    return Undisturbed(seconds, digests(folder), left_over(folder))


def repeated(folder: Path, peace: Undisturbed) -> Outcome:
    """Let the workflow run in peace, and compare its bytes with those of the steps one by one."""
    outcome = Outcome()
    made(folder)
    _must_end(folder, workflow, outcome)
    _compare(folder, peace, outcome)
    return outcome


def ended(folder: Path, peace: Undisturbed, times: int, draw: Generator) -> Outcome:
    """End steps at random moments of the experiment, each followed by a rerun, and compare the bytes.

    In turn, one is killed, one is asked to end, and two at once are killed.
    """
    outcome, whole = Outcome(), sum(peace.seconds.values())
    moments = sorted(draw.uniform(0, whole, times).tolist())
    ways: Sequence[Disturbance] = (_kill, _ask, _kill_two)
    number, begins = 0, 0.0
    made(folder)
    for command in steps():
        ends = begins + peace.seconds[command]
        for moment in (moment for moment in moments if begins <= moment < ends):
            ways[number % len(ways)](folder, command, moment - begins, outcome)
            number += 1
        _must_end(folder, command, outcome)
        begins = ends
    _compare(folder, peace, outcome, killing=True)
    return outcome


def _kill(folder: Path, command: Command, seconds: float, outcome: Outcome) -> None:
    """Start a step and kill it with all its processes."""
    process = started(folder, command)
    said = _kill_after(process, seconds)
    outcome.expect(_what(command, process, said), ok=process.returncode in (0, -signal.SIGKILL))


def _kill_two(folder: Path, command: Command, seconds: float, outcome: Outcome) -> None:
    """Start a step twice at once and kill both; one of them may be told before that the other is at work."""
    two = [started(folder, command) for _ in range(2)]
    for process in two:
        said = _kill_after(process, seconds)
        told = process.returncode == 2 and _is_one_line(said)
        seconds = 0.0
        outcome.expect(_what(command, process, said), ok=told or process.returncode in (0, -signal.SIGKILL))


def _ask(folder: Path, command: Command, seconds: float, outcome: Outcome) -> None:
    """Start a step and ask it to end."""
    process = started(folder, command)
    said = _kill_after(process, seconds, signal.SIGTERM)
    in_peace = process.returncode in by_request and "Traceback" not in said
    outcome.expect(_what(command, process, said), ok=in_peace)


def _kill_after(process: "subprocess.Popen[str]", seconds: float, how: signal.Signals = signal.SIGKILL) -> str:
    """Send a signal, SIGKILL to all processes of the group, unless the process ends before; return what it said."""
    try:
        return process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        if how is signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        return process.communicate()[1]


def interrupted(folder: Path, peace: Undisturbed, times: int, draw: Generator) -> Outcome:
    """Ask the workflow to end, or kill it with all its jobs, at random moments; then let it end, and compare."""
    outcome = Outcome()
    made(folder)
    for number in range(times):
        process, killing = started(folder, workflow), number % 2
        seconds = float(draw.uniform(0, 2 * sum(peace.seconds.values()) / times))
        said = _kill_after(process, seconds, signal.SIGKILL if killing else signal.SIGTERM)
        outcome.expect(_what(workflow, process, said), ok="Traceback" not in said and not _alive(process.pid))
        if killing:
            _must_end(folder, unlocked, outcome)
    _must_end(folder, workflow, outcome)
    _compare(folder, peace, outcome, killing=True)
    return outcome


def _alive(group: int) -> bool:
    """Return whether a process of a group still runs, after the seconds that the system takes to clear them away."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True


def filled(folder: Path, peace: Undisturbed, times: int, draw: Generator) -> Outcome:
    """Let every step run ``times`` into a full disk, and then in peace; compare the bytes."""
    outcome = Outcome()
    with _small_disk(folder) as is_small:
        made(folder)
        for command in steps():
            for _ in range(times):
                _fill(folder, command, int(10 ** draw.uniform(2, 5)), outcome, is_small=is_small)
            _must_end(folder, command, outcome)
        _compare(folder, peace, outcome)
    return outcome


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk on a folder, and yield whether that is allowed."""
    folder.mkdir(parents=True)
    is_small = mounted(folder, disk)
    try:
        yield is_small
    finally:
        if is_small:
            unmount(folder)


def _fill(folder: Path, command: Command, room: int, outcome: Outcome, *, is_small: bool) -> None:
    """Run a step for which the disk, or where there is none each of its files, has only ``room`` bytes."""
    if is_small:
        filler = fill(folder)
        os.truncate(filler, max(filler.stat().st_size - room, 0))
        process = started(folder, command)
    else:
        limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
        process = started(folder, command, preexec_fn=limit)
    _, said = process.communicate()
    if is_small:
        filler.unlink()
    if process.returncode:
        outcome.expect(
            f"{room} bytes: {_what(command, process, said)}", ok=process.returncode == 2 and _is_one_line(said)
        )


def _is_one_line(said: str) -> bool:
    """Return whether a step ended with a line for its user; notices may come before."""
    return said.rstrip("\n").rpartition("\n")[2].startswith("unitdisc: ") and "Traceback" not in said


def _must_end(folder: Path, command: Command, outcome: Outcome) -> None:
    code, said = finished(folder, command)
    if code:
        outcome.findings.append(f"{' '.join(command)} cannot be run again: {code}, {said[-600:]!r}")


def _what(command: Command, process: "subprocess.Popen[str]", said: str) -> str:
    return f"{' '.join(command)}: {process.returncode}, {said[-600:]!r}"


def _compare(folder: Path, peace: Undisturbed, outcome: Outcome, *, killing: bool = False) -> None:
    found = digests(folder)
    for path in sorted(found.keys() | peace.digests.keys()):
        if found.get(path) != peace.digests.get(path):
            what = "is missing" if path not in found else "is new" if path not in peace.digests else "differs"
            outcome.findings.append(f"{path} {what}")
    left = (path for path in left_over(folder) if path not in peace.left_over)
    outcome.findings += [f"{path} is left over" for path in left if not (killing and temporary.search(path))]
