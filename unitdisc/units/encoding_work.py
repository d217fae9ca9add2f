"""Encoding of many files: in chunks, of which those that are finished survive an interruption."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch

from unitdisc import tables
from unitdisc.choices import Device, StatisticsOf
from unitdisc.devices import device_of
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.extractor import Extractor
from unitdisc.features.normalise import Statistics
from unitdisc.features.shards import readable, stamp
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import Unreadable, Utterance
from unitdisc.units.encode import encode_matrices
from unitdisc.units.encoded import Encoded
from unitdisc.workers import workers

slice_files = 50  # whose features are computed at once: what an interruption loses


@dataclass(frozen=True, slots=True)
class Encoding:
    """How files are encoded: by the model in a run's folder, with these statistics, on this device.

    ``together`` means that the statistics are those of all files of a speaker. ``network`` is where the network of
    self-supervised features lies now.
    """

    run: RunFolder
    by: StatisticsOf | Statistics
    device: Device = "cpu"
    together: bool = False
    network: Path | None = None
    code: str = ""

    def digest(self) -> str:
        """Return a digest of the model, the statistics and the ``code``, which is a digest itself."""
        digest = hashlib.sha256(f"{self.code} {self.device} {self.network} ".encode())
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
        """The table of the files of a slice that cannot be read, written last."""
        return self.folder / f"{self.name}.unreadable.tsv"

    @property
    def archive(self) -> Path:
        """The features, while they are needed."""
        return self.folder / f"{self.name}.ark"

    @property
    def index(self) -> Path:
        """The index of the features."""
        return self.archive.with_suffix(".scp")

    def slices(self, chunk: Sequence[Utterance]) -> tuple[list[list[Utterance]], list["Part"]]:
        """Return the slices of a chunk, and the part that each is."""
        slices = _slices(chunk)
        return slices, [Part(self.folder, f"{self.name}.{number}") for number in range(len(slices))]


def encode_utterances(
    encoding: Encoding, utterances: Sequence[Utterance], folder: Path, *, jobs: int = 1
) -> tuple[Encoded, list[Unreadable]]:
    """Return the units of all utterances that can be read, in their order, and those that cannot.

    ``folder`` holds the work, and the units while they are needed; what is finished there is not done again.
    """
    chunks = list(chunked(utterances, together=encoding.together))
    parts = [Part(folder, f"{number:06d}-{_digest(chunk)}") for number, chunk in enumerate(chunks)]
    todo = [(chunk, part) for chunk, part in zip(chunks, parts, strict=True) if not part.units.exists()]
    total = sum(len(_slices(chunk)) for chunk, _ in todo)
    with ExitStack() as stack:
        pool = None
        if jobs > 1 and total > 1:
            pool = stack.enter_context(workers(min(jobs, total)))
        for _ in track(_steps(encoding, todo, pool), "encoding", total=total):
            pass
    slices = [own for chunk, part in zip(chunks, parts, strict=True) for own in part.slices(chunk)[1]]
    unreadable = [row for own in slices for row in tables.read_records(own.unreadable, Unreadable)]
    return Encoded([part.units for part in parts], (row.utterance for row in utterances)), unreadable


def _steps(
    encoding: Encoding, todo: Sequence[tuple[Sequence[Utterance], Part]], pool: ProcessPoolExecutor | None
) -> Iterator[None]:
    """Encode chunks, of which the small ones are shared by processes as they are, and the others slice by slice."""
    small = [(chunk, part) for chunk, part in todo if len(chunk) <= slice_files]
    yield from _each(partial(_encode_chunk, encoding), small, pool)
    for chunk, part in todo:
        if len(chunk) > slice_files:
            yield from _each(partial(_extract, encoding), list(zip(*part.slices(chunk), strict=True)), pool)
            _encode_chunk(encoding, chunk, part)


def _each(
    work: Callable[..., None], tasks: Sequence[tuple[Any, ...]], pool: ProcessPoolExecutor | None
) -> Iterator[None]:
    if pool is None:
        for task in tasks:
            work(*task)
            yield
    elif tasks:
        yield from pool.map(work, *zip(*tasks, strict=True))


def chunked(utterances: Sequence[Utterance], *, together: bool) -> Iterator[list[Utterance]]:
    """Yield the utterances in chunks; with ``together``, all of a speaker's in a split are in the same one."""
    groups: dict[tuple[str, str], list[Utterance]] = {}
    for row in utterances:
        groups.setdefault((row.split, row.speaker) if together else ("", ""), []).append(row)
    chunk: list[Utterance] = []
    for group in groups.values():
        for few in [group] if together else _slices(group):
            if chunk and len(chunk) + len(few) > slice_files:
                yield chunk
                chunk = []
            chunk = [*chunk, *few]
    if chunk:
        yield chunk


def _slices(group: Sequence[Utterance]) -> list[list[Utterance]]:
    return [list(group[start : start + slice_files]) for start in range(0, len(group), slice_files)]


def _digest(chunk: Sequence[Utterance]) -> str:
    return hashlib.sha256(repr([(row, stamp(row)) for row in chunk]).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _loaded(
    run: RunFolder,
    device: Device,
    network: Path | None,
    stamps: tuple[int, ...],  # noqa: ARG001 (of the files: another model may lie there later)
) -> tuple[Trained, Extractor, torch.device]:
    """Return a model on its device and the extractor of its features, once per process."""
    torch.set_num_threads(1)  # several processes share the cores
    trained, chosen = store.load(run), device_of(device, "--device")
    trained.model.to(chosen)
    return trained, trained.extractor(device=device, network=network), chosen


def _stamps(run: RunFolder) -> tuple[int, ...]:
    return tuple(path.stat().st_mtime_ns for path in (run.description, run.weights))


def _extract(encoding: Encoding, few: Sequence[Utterance], part: Part) -> None:
    """Write the features of a slice of a chunk; those that are there already are kept."""
    if part.unreadable.exists() and archive.is_whole(part.archive):
        return
    trained, extractor, _ = _loaded(encoding.run, encoding.device, encoding.network, _stamps(encoding.run))
    errors: dict[str, str] = {}
    archive.write(part.archive, readable(extractor, few, errors))
    features = archive.Archive(part.index)
    if len(features) and features.dim != trained.inputs:
        raise InputError(f"has {features.dim} columns where the model expects {trained.inputs}", few[0].source)
    rows = [Unreadable(name, " ".join(error.split())) for name, error in errors.items()]
    tables.write(part.unreadable, rows, Unreadable)


def _encode_chunk(encoding: Encoding, chunk: Sequence[Utterance], part: Part) -> None:
    """Write the units of a chunk."""
    trained, _, device = _loaded(encoding.run, encoding.device, encoding.network, _stamps(encoding.run))
    slices, parts = part.slices(chunk)
    for few, own in zip(slices, parts, strict=True):
        _extract(encoding, few, own)
    features = {name: matrix for own in parts for name, matrix in archive.Archive(own.index).items()}  # in the files
    speaker = {row.utterance: f"{row.split} {row.speaker}" for row in chunk}
    matrices = trained.normalised_by(features, speaker, encoding.by)
    tables.write_units(part.units, encode_matrices(trained, matrices, device))
    for own in parts:
        archive.remove(own.archive)
