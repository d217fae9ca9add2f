"""The experiment that kills and full disks disturb: two tiny corpora, and the commands of every step."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers.pipeline import environment, tiny

Command = tuple[str, ...]
# What differs from run to run: times of day and speeds, and what is left for trainings that go on.
varying = ("training.tsv", "card.json", "report.html", "benchmarks", "logs")
formats = {"speech": "jsonl,npz,parquet,textgrid,kaldi-ark", "lines": "jsonl,pagexml"}
patience = 300  # seconds that a step may take


def made(folder: Path) -> Path:
    """Write the experiment into a folder, and return it."""
    tiny(folder, epochs=2)
    return folder


def steps() -> list[Command]:
    """Return the commands of every step, in their order."""
    found: list[Command] = []
    for corpus, model in (("speech", "kmeans"), ("speech", "vq"), ("lines", "vq")):
        of_corpus = ("--corpus", corpus)
        if model == "kmeans" or corpus == "lines":
            found.append(("corpus", *of_corpus))
            found += [("features", *of_corpus, "--split", split) for split in ("train", "dev", "test")]
        run = (*of_corpus, "--model", model)
        found += [(step, *run) for step in ("train", "encode", "score")]
        found.append(("export", *run, "--formats", formats[corpus]))
    return [*found, ("report", "--config", "config.yaml")]


def started(folder: Path, command: Command, **options: object) -> "subprocess.Popen[str]":
    """Start a command as at a prompt, in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "unitdisc", *command],
        cwd=folder, env=environment(), text=True, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


def finished(folder: Path, command: Command) -> tuple[int, str]:
    """Run a command to its end, and return its exit code and standard error."""
    process = started(folder, command)
    _, said = process.communicate(timeout=patience)
    return process.returncode, said


def digests(folder: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every result by its path, without those that differ from run to run."""
    files = sorted(path for path in (folder / "results").rglob("*") if path.is_file() and not _varies(path))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _varies(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts if part not in (".", ".."))
    return hidden or any(part in varying for part in path.parts)


def left_over(folder: Path) -> Sequence[str]:
    """Return the hidden files and folders among the results, which a step that has ended does not leave."""
    found = (path for path in (folder / "results").rglob(".*"))
    return sorted(os.path.relpath(path, folder) for path in found)
