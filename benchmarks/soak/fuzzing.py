"""Broken files for one reader after another, each read in a process that has little memory and little time.

A file may be read, or refused by an InputError of one short line that names it. Everything else is a finding: another
error, a warning, the end of the process, more than ``most_memory``, more than ``most_seconds`` of the processor. The
file of a finding is kept.
"""

import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.soak.bombs import bombs
from benchmarks.soak.mutations import broken
from benchmarks.soak.reader import Reader
from benchmarks.soak.readers import all_readers

most_memory = 1 << 30  # bytes beyond what the process has before it reads
room = 3 << 29  # bytes that it may ask for, so that an honest refusal of memory shows as such
most_seconds = 2.0  # of the processor, for one file
hang = 30.0  # seconds without an answer after which a process is ended
start_up = 120.0  # seconds that the imports may take


@dataclass
class Tally:
    """How many files of a reader ended how, and what was found, as ``index: what``."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def content(reader: Reader, seed: int, index: int) -> bytes:
    """Return the broken file of this number, the bombs first; the same numbers give the same bytes."""
    given = _bombs().get(reader.name, ())
    if index < len(given):
        return given[index]
    draw = np.random.default_rng([seed, index, zlib.crc32(reader.name.encode())])
    samples = _samples(reader)
    return broken(samples[int(draw.integers(len(samples)))], samples, draw)


@cache
def _bombs() -> Mapping[str, Sequence[bytes]]:
    found: dict[str, list[bytes]] = {}
    for reader, content in bombs():
        found.setdefault(reader, []).append(content)
    return found


@cache
def _samples(reader: Reader) -> Sequence[bytes]:
    return reader.samples()


def attempt(reader: Reader, path: Path) -> str:
    """Read a file; return read, refused, or what is wrong with the way in which it ended."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)  # of files that the standard library leaves open
        try:
            reader.read(path)
            outcome = "read"
        except Exception as error:  # all of them are what this is about
            outcome = _refused(error, path)
    from unitdisc.errors import longest

    return f"warned: {caught[0].message}"[:longest] if caught and outcome in ("read", "refused") else outcome


def _refused(error: Exception, path: Path) -> str:
    from unitdisc.errors import InputError, longest

    text = str(error)
    if not isinstance(error, InputError):
        return f"{type(error).__name__}: {text}"[:longest]
    if "\n" in text or len(text) > longest:
        return f"a message of {len(text)} characters: {text!r}"[:longest]
    return "refused" if str(path.parent) in text else f"a message that names no file: {text}"


def work(folder: Path, seed: int, inputs: int, names: Sequence[str], first: int) -> None:
    """Let each reader read its broken files, the first from number ``first`` on; print lines of JSON.

    Each reader has a process of its own. It begins as a copy of this one, so that packages are imported once.
    """
    known = all_readers()
    _bombs()  # made once: they take half a second
    for name in names:
        child = os.fork()
        if not child:
            _read_all(known[name], folder / name, seed, range(first, inputs))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        first = 0


def _read_all(reader: Reader, folder: Path, seed: int, numbers: range) -> None:
    _prepare(reader, folder)
    _limit()
    for index in numbers:
        path = folder / reader.file
        path.write_bytes(content(reader, seed, index))
        _print(reader, index)
        before, start = _peak(), time.process_time()
        outcome = attempt(reader, path)
        seconds, grown = time.process_time() - start, _peak() - before
        if outcome in ("read", "refused"):
            outcome = f"took {seconds:.1f} s" if seconds > most_seconds else outcome
            outcome = f"took {grown >> 20} MB" if grown > most_memory else outcome
        _print(reader, index, outcome)


def _print(reader: Reader, index: int, outcome: str = "") -> None:
    print(json.dumps({"reader": reader.name, "index": index, "outcome": outcome}), flush=True)


def _prepare(reader: Reader, folder: Path) -> None:
    """Write the files around the broken one, and read whole ones: what is imported does not count."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, whole in reader.around().items():
        (folder / name).write_bytes(whole)
    for sample in reader.samples():
        (folder / reader.file).write_bytes(sample)
        outcome = attempt(reader, folder / reader.file)
        if outcome != "read":
            _print(reader, -1, f"a whole file: {outcome}")


def _limit() -> None:
    """Limit the memory that this process may still ask for."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + room, mapped + room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def fuzz(names: Sequence[str], folder: Path, seed: int, inputs: int, kept: Path) -> dict[str, Tally]:
    """Read ``inputs`` broken files with each reader; those of findings are copied to ``kept``."""
    tallies, known = {name: Tally() for name in names}, all_readers()
    waiting, first = list(names), 0
    while waiting:
        name, index, done = waiting[0], first, False
        for message in _messages(folder, seed, inputs, waiting, first):
            if "code" in message:
                if message["code"] == 0:
                    return tallies
                if not done:
                    _count(tallies[name], known[name], seed, index, f"the process ended with {message['code']}", kept)
            else:
                name, index, done = str(message["reader"]), int(message["index"]), bool(message["outcome"])
                if done:
                    _count(tallies[name], known[name], seed, index, str(message["outcome"]), kept)
        waiting, first = waiting[waiting.index(name) :], max(index + 1, 0)
        if first >= inputs:
            waiting, first = waiting[1:], 0
    return tallies


def _count(tally: Tally, reader: Reader, seed: int, index: int, outcome: str, kept: Path) -> None:
    found = outcome not in ("read", "refused")
    tally.counts["found" if found else outcome] += 1
    if found:
        tally.findings.append(f"{reader.name} {index}: {outcome}")
        if index >= 0:
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{reader.name}-{seed}-{index}-{reader.file}").write_bytes(content(reader, seed, index))


def _messages(
    folder: Path, seed: int, inputs: int, names: Sequence[str], first: int
) -> Iterator[Mapping[str, str | int]]:
    """Yield what a process prints that reads these files, then its exit code; one that hangs is ended."""
    command = [sys.executable, "-m", "benchmarks.soak.fuzzing", str(folder), *map(str, (seed, inputs, first)), *names]
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(), start_new_session=True
        ) as process,
        selectors.DefaultSelector() as ready,
    ):
        assert process.stdout is not None
        ready.register(process.stdout, selectors.EVENT_READ)
        rest, patience = b"", start_up
        while ready.select(timeout=patience):
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                break
            *lines, rest = (rest + part).split(b"\n")
            patience = hang
            yield from (json.loads(line) for line in lines if line.startswith(b"{"))
        else:
            os.killpg(process.pid, signal.SIGKILL)  # with its child
        yield {"code": process.wait()}


def _environment() -> Mapping[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    place, *given = sys.argv[1:]
    work(Path(place), int(given[0]), int(given[1]), given[3:], int(given[2]))
