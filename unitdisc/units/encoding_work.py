"""Encoding of many files: in chunks, of which those that are finished survive an interruption."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import torch

from unitdisc import tables
from unitdisc.choices import Device, StatisticsOf
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.normalise import Statistics
from unitdisc.features.shards import readable, stamp
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import UnitSequence, Unreadable, Utterance
from unitdisc.units.encode import encode_matrices

chunk_files = 100  # encoded together, or all files of a speaker if these are more


@dataclass(frozen=True, slots=True)
class Encoding:
    """How files are encoded: by the model in a run's folder, with these statistics, on this device."""

    run: RunFolder
    by: StatisticsOf | Statistics
    device: Device

    def digest(self, code: str) -> str:
        """Return a digest of the model, the statistics and a digest of the code."""
        digest = hashlib.sha256(f"{code} {self.device} ".encode())
        for path in (self.run.description, self.run.weights):
            digest.update(path.read_bytes())
        digest.update(repr(self.by.described() if isinstance(self.by, Statistics) else self.by).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Part:
    """The files of an encoded chunk in the folder of the work."""

    folder: Path
    name: str

    @property
    def units(self) -> Path:
        """The table of units, written last."""
        return self.folder / f"{self.name}.encoded.tsv"

    @property
    def unreadable(self) -> Path:
        """The table of files that cannot be read."""
        return self.folder / f"{self.name}.unreadable.tsv"

    @property
    def archive(self) -> Path:
        """The features, while they are needed."""
        return self.folder / f"{self.name}.ark"


def encode_utterances(
    encoding: Encoding, utterances: Sequence[Utterance], folder: Path, *, jobs: int = 1
) -> tuple[list[UnitSequence], list[Unreadable]]:
    """Return the units of all utterances that can be read, in their order, and those that cannot.

    ``folder`` holds the work until all is done; a chunk that is there is not encoded again.
    """
    together = encoding.by == "speaker"
    chunks = list(chunked(utterances, together=together))
    parts = [Part(folder, f"{number:06d}-{_digest(chunk)}") for number, chunk in enumerate(chunks)]
    todo = [(chunk, part) for chunk, part in zip(chunks, parts, strict=True) if not part.units.exists()]
    work = partial(_encode_chunk, encoding)
    if jobs > 1 and len(todo) > 1:
        with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn")) as pool:
            list(track(pool.map(work, *zip(*todo, strict=True)), "encoding", total=len(todo)))
    else:
        for chunk, part in track(todo, "encoding"):
            work(chunk, part)
    found = {name: sequence for part in parts for name, sequence in tables.read_units(part.units).items()}
    unreadable = [row for part in parts for row in tables.read_records(part.unreadable, Unreadable)]
    return [found[row.utterance] for row in utterances if row.utterance in found], unreadable


def chunked(utterances: Sequence[Utterance], *, together: bool) -> Iterator[list[Utterance]]:
    """Yield the utterances in chunks; with ``together``, all of a speaker's in a split are in the same one."""
    groups: dict[tuple[str, str], list[Utterance]] = {}
    for row in utterances:
        groups.setdefault((row.split, row.speaker) if together else ("", ""), []).append(row)
    chunk: list[Utterance] = []
    for group in groups.values():
        for few in [group] if together else _slices(group):
            if chunk and len(chunk) + len(few) > chunk_files:
                yield chunk
                chunk = []
            chunk = [*chunk, *few]
    if chunk:
        yield chunk


@contextmanager
def working_folder(out: Path, digest: str) -> Iterator[Path]:
    """Yield the folder of the work for ``out``, which is deleted when all is done.

    What another model or other statistics left there is deleted. Raises InputError while another process works there.
    """
    folder = out.parent / f".{out.name}.encoding"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError("is being written by another process", out, fix="wait for it, or choose another") from None
        work = folder / digest
        for other in folder.iterdir():
            if other.is_dir() and other != work:
                shutil.rmtree(other)
        work.mkdir(exist_ok=True)
        yield work
        shutil.rmtree(folder)


def _slices(group: list[Utterance]) -> Iterator[list[Utterance]]:
    for start in range(0, len(group), chunk_files):
        yield group[start : start + chunk_files]


def _digest(chunk: Sequence[Utterance]) -> str:
    return hashlib.sha256(repr([(row, stamp(row)) for row in chunk]).encode()).hexdigest()[:16]


@cache
def _loaded(run: RunFolder, device: Device) -> tuple[Trained, torch.device]:
    """Return a model on its device, once per process."""
    torch.set_num_threads(1)  # several processes share the cores
    trained, chosen = store.load(run), store.device_of(device)
    trained.model.to(chosen)
    return trained, chosen


def _encode_chunk(encoding: Encoding, chunk: Sequence[Utterance], part: Part) -> None:
    """Write the units of a chunk."""
    trained, device = _loaded(encoding.run, encoding.device)
    extractor = trained.extractor()
    errors: dict[str, str] = {}
    archive.write(part.archive, readable(extractor, chunk, errors))
    speaker = {row.utterance: f"{row.split} {row.speaker}" for row in chunk}
    features = archive.Archive(part.archive.with_suffix(".scp"))
    if len(features) and features.dim != trained.inputs:
        what = f"has {features.dim} columns where the model expects {trained.inputs}"
        raise InputError(what, chunk[0].source)
    matrices = trained.normalised_by(features, speaker, encoding.by)
    tables.write(part.unreadable, [Unreadable(*pair) for pair in errors.items()], Unreadable)
    tables.write_units(part.units, encode_matrices(trained, matrices, device))
    for path in (part.archive, part.archive.with_suffix(".scp")):
        path.unlink()
