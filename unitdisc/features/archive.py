"""Kaldi archives of float matrices: written atomically, and memory-mapped for reading, without a copy.

Beside ``train.ark`` and its index ``train.scp`` lies ``.train.ark.crc32``: a checksum of the utterances that the
features are of, then one of each matrix, which is checked when the matrix is first read. Without it nothing is checked.
"""

import mmap
import shutil
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path

import kaldiio
import numpy as np
from numpy.typing import NDArray

from unitdisc.checksums import beside
from unitdisc.errors import InputError
from unitdisc.features.matrix_index import MatrixIndex, again
from unitdisc.files import replacing, writing
from unitdisc.records import Utterance

header_bytes = 15  # \0B, "FM ", then for rows and for columns a byte 4 and an int32
# Bytes of matrices after which the pages of a mapped file that were read are given back to the system: until then they
# count as memory of the process. Matrices that are in use are read again.
most_mapped = 1 << 25


class Archive(Mapping[str, NDArray[np.float32]]):
    """The matrices (T, D) of a Kaldi scp by utterance, each a read-only view into the memory-mapped archive."""

    def __init__(self, scp: str | Path) -> None:
        self.path = Path(scp)
        self._index = MatrixIndex(self.path)
        self._maps: dict[Path, _Map] = {}
        self._read = 0

    def check_of(self, digest: str) -> None:
        """Raise InputError where the features are of other utterances, or of other recordings; see ``digest_of``."""
        if self._index.rows and self._index.rows != digest:
            raise InputError("has features of another version of utterances.tsv", self.path, fix=again)

    def __getitem__(self, utterance: str) -> NDArray[np.float32]:
        location = self._index[utterance]
        ark, offset = location.ark, location.offset
        if ark not in self._maps:
            self._maps[ark] = _Map(ark)
        data = self._maps[ark].bytes[offset:]
        header = data[:header_bytes].tobytes()
        if header[:5] != b"\0BFM ":
            raise InputError(f"has no float matrix at {offset}, where {self.path} places {utterance!r}", ark)
        rows, columns = (int.from_bytes(header[start : start + 4], "little") for start in (6, 11))
        values = data[header_bytes : header_bytes + 4 * rows * columns]
        if len(values) < 4 * rows * columns:
            raise InputError(f"ends inside the matrix of {utterance!r}", ark)
        if location.checksum is not None:
            if zlib.crc32(data[: header_bytes + len(values)].data) != location.checksum:
                raise InputError(f"the matrix of {utterance!r} is damaged", ark, fix=again)
            self._index.forget(utterance)
        self._count(len(values))
        return np.frombuffer(values, dtype="<f4").reshape(rows, columns)

    def _count(self, size: int) -> None:
        """Count bytes that are read, and give pages back if there are many."""
        self._read += size
        if self._read > most_mapped:
            for each in self._maps.values():
                each.give_back()
            self._read = 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def dim(self) -> int:
        """Columns of the matrices; raises InputError for an empty archive."""
        if not self._index:
            raise InputError("holds no matrices", self.path)
        return int(self[next(iter(self))].shape[1])


def check_known(archive: "Archive", utterances: Collection[str]) -> None:
    """Raise InputError for features of an utterance that the corpus no longer has."""
    for name in archive:
        if name not in utterances:
            raise InputError(f"has features of {name!r}, which is not in the corpus", archive.path, fix=again)


def digest_of(utterances: Iterable[Utterance]) -> str:
    """Return a digest of what features are computed from: the names, sources and durations of utterances."""
    return _digest_text(reduce(_digest_with, utterances, 0))


def digests_of(utterances: Iterable[Utterance]) -> Mapping[str, str]:
    """Return the digest of the utterances of each split; that of a split without any is the digest of none."""
    digests: dict[str, int] = {}
    for row in utterances:
        digests[row.split] = _digest_with(digests.get(row.split, 0), row)
    return defaultdict(lambda: digest_of(()), {split: _digest_text(digest) for split, digest in digests.items()})


def _digest_with(digest: int, row: Utterance) -> int:
    text = f"{row.utterance}\t{row.source}\t{row.duration!r}\n"
    return zlib.crc32(text.encode(errors="surrogateescape"), digest)


def _digest_text(digest: int) -> str:
    return f"{digest:08x}"


def is_whole(ark: Path) -> bool:
    """Return whether an archive is there with its index."""
    return ark.exists() and ark.with_suffix(".scp").exists()


def remove(ark: Path) -> None:
    """Remove an archive and what lies beside it."""
    for path in (ark.with_suffix(".scp"), ark, beside(ark)):
        path.unlink(missing_ok=True)


def write(ark: Path, matrices: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Write matrices (T, D) to ``ark``, and their index beside it with the suffix ``.scp``."""
    offsets: list[tuple[str, int]] = []
    sums: dict[str, int] = {}
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for utterance, matrix in matrices:
                offsets.append((utterance, file.tell() + len(utterance.encode()) + 1))
                values = np.asarray(matrix, dtype=np.float32)
                kaldiio.save_ark(file, {utterance: values})
                sums[utterance] = zlib.crc32(
                    np.ascontiguousarray(values, dtype="<f4").data, zlib.crc32(_header(values))
                )
        remove(ark)
    _write_beside(ark, offsets, "", sums)


def join(ark: Path, shards: Iterable[Path], *, rows: str = "") -> None:
    """Concatenate the archives ``shards`` into ``ark``, with one index; matrices are copied as bytes.

    ``rows`` is the digest of the utterances, see ``digest_of``.
    """
    offsets: list[tuple[str, int]] = []
    sums: dict[str, int] = {}
    with replacing(ark) as temporary:
        with temporary.open("wb") as file:
            for shard in shards:
                base = file.tell()
                index = MatrixIndex(shard.with_suffix(".scp"))
                offsets += [(name, base + matrix.offset) for name, matrix in index.items()]
                sums |= _known(index) if index.complete else dict(_computed(shard))
                with shard.open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 22)
        remove(ark)
    _write_beside(ark, offsets, rows, sums)


def _header(matrix: NDArray[np.float32]) -> bytes:
    """Return the bytes of an archive between an utterance's name and the values of its matrix."""
    rows, columns = (int(size).to_bytes(4, "little") for size in matrix.shape)
    return b"\0BFM \4" + rows + b"\4" + columns


def _write_beside(ark: Path, offsets: Sequence[tuple[str, int]], rows: str, sums: Mapping[str, int]) -> None:
    """Write the checksums, if all are known, and last the index: without it, there are no features."""
    if len(sums) == len(offsets):
        with writing(beside(ark)) as file:
            file.write(f"{rows}\n")
            file.writelines(f"{name} {value:08x}\n" for name, value in sums.items())
    with writing(ark.with_suffix(".scp")) as file:
        file.writelines(f"{name} {ark}:{offset}\n" for name, offset in offsets)


def _known(index: MatrixIndex) -> dict[str, int]:
    return {name: matrix.checksum for name, matrix in index.items() if matrix.checksum is not None}


def _computed(ark: Path) -> Iterator[tuple[str, int]]:
    """Yield the CRC-32 of each matrix of an archive whose checksums are gone, as where a join was killed at its end."""
    for name, matrix in Archive(ark.with_suffix(".scp")).items():
        yield name, zlib.crc32(matrix.data, zlib.crc32(_header(matrix)))


class _Map:
    """The bytes of a mapped file."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError("no such archive", path)
        self._map: mmap.mmap | None = None
        if path.stat().st_size:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.bytes = np.frombuffer(self._map or b"", dtype=np.uint8)

    def give_back(self) -> None:
        """Give the pages that were read back to the system, where it takes them."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
