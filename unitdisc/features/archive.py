"""Kaldi archives of float matrices: written whole or not at all, read through the page cache without a copy."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import kaldiio
import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import replacing, writing
from unitdisc.formats.kaldi_table import locate, read_index

header_bytes = 15  # \0B, "FM ", then a byte 4 and an int32 for rows and for columns


@dataclass(frozen=True, slots=True)
class Place:
    """Where a matrix stands: the archive file and the offset of its header."""

    ark: Path
    offset: int


class Archive(Mapping[str, NDArray[np.float32]]):
    """The matrices (T, D) of a Kaldi scp by utterance, each a read-only view into the memory-mapped archive."""

    def __init__(self, scp: str | Path) -> None:
        self.path = Path(scp)
        self._places = dict(_places(self.path))
        self._maps: dict[Path, NDArray[np.uint8]] = {}

    def __getitem__(self, utterance: str) -> NDArray[np.float32]:
        place = self._places[utterance]
        if place.ark not in self._maps:
            self._maps[place.ark] = _mapped(place.ark)
        data = self._maps[place.ark][place.offset :]
        if bytes(data[:5]) != b"\0BFM ":
            raise InputError(
                f"has no float matrix at {place.offset}, where {self.path} places {utterance!r}", place.ark
            )
        rows, columns = (int.from_bytes(bytes(data[start : start + 4]), "little") for start in (6, 11))
        values = data[header_bytes : header_bytes + 4 * rows * columns]
        if len(values) < 4 * rows * columns:
            raise InputError(f"ends inside the matrix of {utterance!r}", place.ark)
        return np.frombuffer(values, dtype="<f4").reshape(rows, columns)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def dim(self) -> int:
        """Columns of the matrices; raises InputError for an archive without one."""
        if not self._places:
            raise InputError("holds no matrices", self.path)
        return int(self[next(iter(self))].shape[1])


def write(ark: Path, matrices: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Write matrices (T, D) to ``ark`` and an index beside it, ``.scp`` in place of ``.ark``."""
    places: list[tuple[str, int]] = []
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for utterance, matrix in matrices:
                places.append((utterance, file.tell() + len(utterance.encode()) + 1))
                kaldiio.save_ark(file, {utterance: np.asarray(matrix, dtype=np.float32)})
        _write_index(ark, places)


def join(ark: Path, shards: Iterable[Path]) -> None:
    """Put the archives ``shards`` one behind the other into ``ark`` with one index; matrices are copied as bytes."""
    places: list[tuple[str, int]] = []
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for shard in shards:
                base = file.tell()
                places += [(name, base + place.offset) for name, place in _places(shard.with_suffix(".scp"))]
                with shard.open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 22)
        _write_index(ark, places)


def _write_index(ark: Path, places: Iterable[tuple[str, int]]) -> None:
    with writing(ark.with_suffix(".scp")) as file:
        file.writelines(f"{name} {ark}:{offset}\n" for name, offset in places)


def _places(scp: Path) -> Iterator[tuple[str, Place]]:
    found: dict[str, Path] = {}
    for name, entry in read_index(scp).items():
        if entry.archive not in found:
            found[entry.archive] = locate(entry.archive, scp)
        yield name, Place(found[entry.archive], entry.offset)


def _mapped(ark: Path) -> NDArray[np.uint8]:
    if not ark.is_file():
        raise InputError("no such archive", ark)
    return np.memmap(ark, dtype=np.uint8, mode="r")
