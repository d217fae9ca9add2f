"""The experiment that is disturbed: two tiny corpora, every step of the workflow as a command, and the workflow."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from tests.helpers.pipeline import environment, tiny, workflow_command

Command = tuple[str, ...]
parts = 2
varying = ("logs", "parts")  # what only one way of running the steps leaves
# What differs from run to run: times of day, and speeds.
report_dates = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d[^<]* UTC")
page_dates = re.compile(rb"<(Created|LastChange)>[^<]*<")
temporary = re.compile(r"(^|/)\.[^/]+\.[a-z0-9_]{8}(/|$)")  # what a process that is killed cannot remove
of_the_workflow = (".settings", ".snakemake_timestamp")
formats = ("jsonl", "npz", "parquet", "textgrid", "kaldi-ark", "pagexml")
# Scores that not every model has.
scored_by_itself = {"kmeans": ("fidelity",), "ctc": ("recognise",), "vq": ("bits", "fidelity")}
patience = 600  # seconds that a step, or the workflow, may take


def made(folder: Path) -> Path:
    """Write the experiment into a folder, and return it."""
    path = tiny(folder, epochs=2)
    settings = yaml.safe_load(path.read_text())
    vq = settings["models"]["vq"]
    settings["models"]["ctc"] = {key: part for key, part in vq.items() if key != "decoder"} | {"objective": "ctc"}
    vq["decoder"] = {"kind": "pixelcnn", "channels": 4, "layers": 1}  # states a likelihood: bits per dimension
    settings["runs"]["speech"] = ["kmeans", "ctc"]
    settings["corpora"]["speech"]["parts"] = parts
    settings["corpora"]["lines"]["features"]["activity"] = 0.3
    settings["scoring"] |= {"probes": {"epochs": 2}, "fidelity": {"utterances": 1}}
    settings |= {"segmentation": {}, "pieces": {"vocabulary": 12}, "exports": {"formats": list(formats)}}
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return folder


def steps() -> list[Command]:
    """Return the commands of every step, in their order."""
    found: list[Command] = []
    for corpus, models in (("speech", ("kmeans", "ctc")), ("lines", ("vq",))):
        found += _of_corpus(corpus)
        for model in models:
            found += _of_run(corpus, model)
    return [*found, ("collect",), ("report", "--config", "config.yaml")]


def _of_corpus(corpus: str) -> Iterator[Command]:
    of_corpus = ("--corpus", corpus)
    yield "corpus", *of_corpus
    for split in ("train", "dev", "test"):
        if corpus == "lines":
            yield "features", *of_corpus, "--split", split
        else:
            yield from (("features", *of_corpus, "--split", split, "--part", part) for part in _parts())
            yield "join", *of_corpus, "--split", split, "--parts", str(parts)
    yield "activity", *of_corpus


def _of_run(corpus: str, model: str) -> Iterator[Command]:
    run = ("--corpus", corpus, "--model", model)
    yield "train", *run
    if corpus == "lines":
        yield "encode", *run
    else:
        yield from (("encode", *run, "--part", part) for part in _parts())
        yield "join", *run, "--parts", str(parts)
    scores = ("score", *scored_by_itself[model], "abx-run", "probe")
    yield from ((step, *run) for step in (*scores, "segment", "pieces", "export"))


def _parts() -> list[str]:
    return [f"{number + 1}-of-{parts}" for number in range(parts)]


def started(folder: Path, command: Command, **options: object) -> "subprocess.Popen[str]":
    """Start a command as at a prompt, in a group of processes of its own; ``workflow`` starts the whole DAG."""
    words = [sys.executable, "-m", "unitdisc", *command]
    if command[0] == "workflow":
        words = workflow_command(folder, *command[1:])
    place = folder / "tmp"  # on the same disk
    place.mkdir(exist_ok=True)
    return subprocess.Popen(
        words, cwd=folder, env=environment() | {"TMPDIR": str(place)}, text=True, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


def finished(folder: Path, command: Command) -> tuple[int, str]:
    """Run a command to its end, and return its exit code and standard error."""
    process = started(folder, command)
    _, said = process.communicate(timeout=patience)
    return process.returncode, said


def digests(folder: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every result by its path, without what differs from run to run."""
    files = sorted(path for path in (folder / "results").rglob("*") if path.is_file() and not _varies(path))
    return {str(path.relative_to(folder)): hashlib.sha256(_content(path)).hexdigest() for path in files}


def _content(path: Path) -> bytes:
    """Return the bytes of a file without dates and speeds; those of PAGE XML are the dates of the units."""
    content = path.read_bytes()
    if path.suffix == ".xml":
        return page_dates.sub(b"<", content)
    if path.name == "report.html":
        return report_dates.sub(b"", content)
    if path.name == "training.tsv":
        return b"\n".join(line.rpartition(b"\t")[0] for line in content.splitlines())
    if path.name == "manifest.json" and b".xml" in content:
        manifest = json.loads(content)
        manifest["files"] = {name: of for name, of in manifest["files"].items() if not name.endswith(".xml")}
        return json.dumps(manifest).encode()
    return content


def _varies(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts if part not in (".", ".."))
    return hidden or any(part in varying for part in path.parts)


def left_over(folder: Path) -> Sequence[str]:
    """Return the hidden files and folders among the results."""
    found = (path for path in (folder / "results").rglob(".*") if path.name not in of_the_workflow)
    return sorted(os.path.relpath(path, folder) for path in found)
