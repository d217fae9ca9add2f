"""Broken files for one reader after another, each read in a process that has little memory and little time.

A file may be read, or refused by an InputError of one short line that names it. Everything else is a finding: another
error, a warning, the end of the process, more than ``most_memory``, more than ``most_seconds`` of the processor. The
file of a finding is kept.
"""

import json
import os
import resource
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

from benchmarks.soak.mutations import broken
from benchmarks.soak.reader import Reader
from benchmarks.soak.readers import all_readers

most_memory = 1 << 30  # bytes beyond what the process has before it reads
room = 3 << 29  # bytes that it may ask for, so that an honest refusal of memory shows as such
most_seconds = 2.0  # of the processor, for one file
hang = 20.0  # seconds without an answer after which a process is ended
longest = 500  # characters of an error


@dataclass
class Tally:
    """How many files of a reader ended how, and what was found, as ``index: what``."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def content(reader: Reader, seed: int, index: int) -> bytes:
    """Return the broken file of this number; the same numbers give the same bytes."""
    draw = np.random.default_rng([seed, index, zlib.crc32(reader.name.encode())])
    samples = _samples(reader)
    return broken(samples[int(draw.integers(len(samples)))], samples, draw)


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
    return f"warned: {caught[0].message}"[:longest] if caught and outcome in ("read", "refused") else outcome


def _refused(error: Exception, path: Path) -> str:
    from unitdisc.errors import InputError

    text = str(error)
    if not isinstance(error, InputError):
        return f"{type(error).__name__}: {text}"[:longest]
    if "\n" in text or len(text) > longest:
        return f"a message of {len(text)} characters: {text!r}"[:longest]
    return "refused" if str(path.parent) in text else f"a message that names no file: {text}"


def work(name: str, folder: Path, seed: int, first: int, last: int) -> None:
    """Read the files of a range of numbers, and print a line of JSON before and after each."""
    reader = all_readers()[name]
    _prepare(reader, folder)
    _limit()
    for index in range(first, last):
        path = folder / reader.file
        path.write_bytes(content(reader, seed, index))
        print(json.dumps({"index": index}), flush=True)
        before, start = _peak(), time.process_time()
        outcome = attempt(reader, path)
        seconds, grown = time.process_time() - start, _peak() - before
        if outcome in ("read", "refused") and index > first:  # the first one imports what the reader needs
            outcome = f"took {seconds:.1f} s" if seconds > most_seconds else outcome
            outcome = f"took {grown >> 20} MB" if grown > most_memory else outcome
        print(json.dumps({"index": index, "outcome": outcome}), flush=True)


def _prepare(reader: Reader, folder: Path) -> None:
    """Write the files around the broken one, and read a whole one: what is imported does not count."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, whole in reader.around().items():
        (folder / name).write_bytes(whole)
    for sample in reader.samples():
        (folder / reader.file).write_bytes(sample)
        outcome = attempt(reader, folder / reader.file)
        if outcome not in ("read", "refused"):
            print(json.dumps({"index": -1, "outcome": f"a whole file: {outcome}"}), flush=True)


def _limit() -> None:
    """Limit the memory that this process may still ask for."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + room, mapped + room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def fuzz(name: str, folder: Path, seed: int, inputs: int, kept: Path) -> Tally:
    """Read ``inputs`` broken files with one reader; those of findings are copied to ``kept``."""
    tally, first, reader = Tally(), 0, all_readers()[name]
    while first < inputs:
        started, told, code = first, False, 0
        for message in _messages(name, folder, seed, first, inputs):
            if "code" in message:
                code = int(message["code"])
            elif "outcome" not in message:
                started, told = int(message["index"]), False
            else:
                told = True
                _count(tally, reader, seed, int(message["index"]), message["outcome"], kept)
        first = started + 1
        if not told:
            _count(tally, reader, seed, started, f"the process ended with {code}", kept)
        elif code == 0:
            break
    return tally


def _count(tally: Tally, reader: Reader, seed: int, index: int, outcome: str, kept: Path) -> None:
    found = outcome not in ("read", "refused")
    tally.counts["found" if found else outcome] += 1
    if found:
        tally.findings.append(f"{index}: {outcome}")
        if index >= 0:
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{reader.name}-{seed}-{index}-{reader.file}").write_bytes(content(reader, seed, index))


def _messages(name: str, folder: Path, seed: int, first: int, last: int) -> Iterator[Mapping[str, object]]:
    """Yield what a process prints that reads these files, then its exit code; one that hangs is ended."""
    import selectors

    command = [sys.executable, "-m", "benchmarks.soak.fuzzing", name, str(folder), str(seed), str(first), str(last)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()) as process,
        selectors.DefaultSelector() as waiting,
    ):
        assert process.stdout is not None
        waiting.register(process.stdout, selectors.EVENT_READ)
        rest, patience = b"", 120.0  # for the imports
        while waiting.select(timeout=patience):
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                break
            *lines, rest = (rest + part).split(b"\n")
            patience = hang
            yield from (json.loads(line) for line in lines if line.startswith(b"{"))
        else:
            process.kill()
        yield {"code": process.wait()}


def _environment() -> Mapping[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "0"}


if __name__ == "__main__":
    arguments = sys.argv[1:]
    work(arguments[0], Path(arguments[1]), *map(int, arguments[2:]))
