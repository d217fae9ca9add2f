"""Arrays of NumPy in .npy and .npz files of other people: no pickles, and no more memory than the file deserves."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from unitdisc.formats.zip_members import check_member
from unitdisc.guard import foreign

Array = NDArray[Any]
ending = ".npy"  # of the members of an .npz


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of an array without its numbers: the name of their type, and the shape."""

    dtype: str
    shape: tuple[int, ...]


def read_header(file: IO[bytes], size: int) -> Header:
    """Read the header of an .npy of ``size`` bytes; raises ValueError where that is too short for its numbers."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        return Header("object", shape)
    if min(shape, default=0) < 0 or size - file.tell() < dtype.itemsize * prod(shape):
        raise ValueError(f"it ends before the last of {prod(shape)} numbers")
    return Header(dtype.name, shape)


def read_npy(path: Path, what: str = "cannot be read") -> Array:
    """Return the array of an .npy; raises InputError, saying ``what``, where that is not possible."""
    with foreign(what, path), path.open("rb") as file:
        return _array(file, path.stat().st_size)


class NpzFile(Mapping[str, Array]):
    """The arrays of an .npz by name, each read when it is asked for; a context manager.

    Raises InputError for a file that is no .npz, and for an array that cannot be read, or that would grow beyond what
    a zip of numbers holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with foreign("is not an .npz file", path):
            self._zip = zipfile.ZipFile(path)
            self._members = {
                info.filename.removesuffix(ending): info
                for info in self._zip.infolist()
                if info.filename.endswith(ending)
            }

    def __enter__(self) -> "NpzFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __getitem__(self, name: str) -> Array:
        info = self._members[name]
        with foreign(f"the array {name!r} cannot be read", self.path):
            check_member(self._zip, info)
            with self._zip.open(info) as file:
                return _array(file, info.file_size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def header(self, name: str) -> Header:
        """Return what the file says of an array; raises InputError where it is none."""
        info = self._members[name]
        with foreign(f"the array {name!r} cannot be read", self.path), self._zip.open(info) as file:
            return read_header(file, info.file_size)


def _array(file: IO[bytes], size: int) -> Array:
    """Return the array in an open .npy of ``size`` bytes, whose header is checked before memory is asked for."""
    read_header(file, size)
    file.seek(0)
    array: Array = npy.read_array(file, allow_pickle=False)
    return array
