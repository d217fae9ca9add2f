"""Kaldi archives of float matrices: written atomically, and memory-mapped for reading, without a copy."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import kaldiio
import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import replacing, writing
from unitdisc.formats.kaldi_table import locate, read_index

header_bytes = 15  # \0B, "FM ", then for rows and for columns a byte 4 and an int32


@dataclass(frozen=True, slots=True)
class MatrixLocation:
    """The location of a matrix: its archive file, and the offset of its header in bytes."""

    ark: Path
    offset: int


class Archive(Mapping[str, NDArray[np.float32]]):
    """The matrices (T, D) of a Kaldi scp by utterance, each a read-only view into the memory-mapped archive."""

    def __init__(self, scp: str | Path) -> None:
        self.path = Path(scp)
        self._locations = dict(_locations(self.path))
        self._maps: dict[Path, NDArray[np.uint8]] = {}

    def __getitem__(self, utterance: str) -> NDArray[np.float32]:
        location = self._locations[utterance]
        ark, offset = location.ark, location.offset
        if ark not in self._maps:
            self._maps[ark] = _mapped(ark)
        data = self._maps[ark][offset:]
        if bytes(data[:5]) != b"\0BFM ":
            raise InputError(f"has no float matrix at {offset}, where {self.path} places {utterance!r}", ark)
        rows, columns = (int.from_bytes(bytes(data[start : start + 4]), "little") for start in (6, 11))
        values = data[header_bytes : header_bytes + 4 * rows * columns]
        if len(values) < 4 * rows * columns:
            raise InputError(f"ends inside the matrix of {utterance!r}", ark)
        return np.frombuffer(values, dtype="<f4").reshape(rows, columns)

    def __iter__(self) -> Iterator[str]:
        return iter(self._locations)

    def __len__(self) -> int:
        return len(self._locations)

    @property
    def dim(self) -> int:
        """Columns of the matrices; raises InputError for an empty archive."""
        if not self._locations:
            raise InputError("holds no matrices", self.path)
        return int(self[next(iter(self))].shape[1])


def check_known(archive: "Archive", utterances: Collection[str]) -> None:
    """Raise InputError for features of an utterance that the corpus no longer has."""
    for name in archive:
        if name not in utterances:
            fix = "compute the features again: unitdisc features --help"
            raise InputError(f"has features of {name!r}, which is not in the corpus", archive.path, fix=fix)


def write(ark: Path, matrices: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Write matrices (T, D) to ``ark``, and their index beside it with the suffix ``.scp``."""
    offsets: list[tuple[str, int]] = []
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for utterance, matrix in matrices:
                offsets.append((utterance, file.tell() + len(utterance.encode()) + 1))
                kaldiio.save_ark(file, {utterance: np.asarray(matrix, dtype=np.float32)})
        _write_index(ark, offsets)


def join(ark: Path, shards: Iterable[Path]) -> None:
    """Concatenate the archives ``shards`` into ``ark``, with one index; matrices are copied as bytes."""
    offsets: list[tuple[str, int]] = []
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for shard in shards:
                base = file.tell()
                offsets += [(name, base + matrix.offset) for name, matrix in _locations(shard.with_suffix(".scp"))]
                with shard.open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 22)
        _write_index(ark, offsets)


def _write_index(ark: Path, offsets: Iterable[tuple[str, int]]) -> None:
    with writing(ark.with_suffix(".scp")) as file:
        file.writelines(f"{name} {ark}:{offset}\n" for name, offset in offsets)


def _locations(scp: Path) -> Iterator[tuple[str, MatrixLocation]]:
    located: dict[str, Path] = {}
    for name, entry in read_index(scp).items():
        if entry.archive not in located:
            located[entry.archive] = locate(entry.archive, scp)
        yield name, MatrixLocation(located[entry.archive], entry.offset)


def _mapped(ark: Path) -> NDArray[np.uint8]:
    if not ark.is_file():
        raise InputError("no such archive", ark)
    return np.memmap(ark, dtype=np.uint8, mode="r")
