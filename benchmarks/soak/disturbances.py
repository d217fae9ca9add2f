"""Every step, ended at random moments and given too small a disk; the bytes must be those of an undisturbed run.

A step that was killed is simply run again. A disk that is full is a limit on the size of a file, which stops a write as
a full disk does: the step must end in one line and exit code 2, and run right afterwards.
"""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from numpy.random import Generator

from benchmarks.soak.experiment import Command, digests, finished, made, started, steps


@dataclass(frozen=True)
class Undisturbed:
    """An experiment that ran in peace: what each step took in seconds, and the digests of all results."""

    seconds: Mapping[Command, float]
    digests: Mapping[str, str]


@dataclass
class Outcome:
    """How often steps were disturbed, and what was found."""

    disturbed: int = 0
    findings: list[str] = field(default_factory=list)


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
    return Undisturbed(seconds, digests(folder))


def killed(folder: Path, peace: Undisturbed, kills: int, draw: Generator) -> Outcome:
    """Kill steps at ``kills`` random moments of the experiment, each followed by a rerun, and compare the bytes."""
    outcome, whole = Outcome(), sum(peace.seconds.values())
    moments = sorted(draw.uniform(0, whole, kills).tolist())
    made(folder)
    begins = 0.0
    for command in steps():
        ends = begins + peace.seconds[command]
        for moment in (moment for moment in moments if begins <= moment < ends):
            outcome.disturbed += _killed_after(folder, command, moment - begins)
        _must_end(folder, command, outcome)
        begins = ends
    _compare(folder, peace, outcome)
    return outcome


def _killed_after(folder: Path, command: Command, seconds: float) -> bool:
    """Start a step and kill it with all its processes; return whether it still ran."""
    process = started(folder, command)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def filled(folder: Path, peace: Undisturbed, times: int, draw: Generator) -> Outcome:
    """Let every step run ``times`` into a full disk, and then in peace; compare the bytes."""
    outcome = Outcome()
    made(folder)
    for command in steps():
        for _ in range(times):
            _fill(folder, command, int(10 ** draw.uniform(0, 4)), outcome)
        _must_end(folder, command, outcome)
    _compare(folder, peace, outcome)
    return outcome


def _fill(folder: Path, command: Command, size: int, outcome: Outcome) -> None:
    """Run a step that cannot write a file of more than ``size`` bytes."""
    process = started(folder, command, preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size)))
    _, said = process.communicate()
    if process.returncode:
        outcome.disturbed += 1
        lines = [line for line in said.splitlines() if line.startswith("unitdisc: ")]
        if process.returncode != 2 or "Traceback" in said or len(lines) != 1:
            outcome.findings.append(f"{' '.join(command)}, {size} bytes: {process.returncode}, {said[-300:]!r}")


def _must_end(folder: Path, command: Command, outcome: Outcome) -> None:
    code, said = finished(folder, command)
    if code:
        outcome.findings.append(f"{' '.join(command)} cannot be run again: {code}, {said[-300:]!r}")


def _compare(folder: Path, peace: Undisturbed, outcome: Outcome) -> None:
    found = digests(folder)
    for path in sorted(found.keys() | peace.digests.keys()):
        if found.get(path) != peace.digests.get(path):
            what = "is missing" if path not in found else "is new" if path not in peace.digests else "differs"
            outcome.findings.append(f"{path} {what}")
