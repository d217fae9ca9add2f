"""Images by source: a file of one image, or a record of a file that holds many: of a batch, of a table."""

from pathlib import Path
from typing import Protocol

from unitdisc.errors import InputError
from unitdisc.files import is_a_file
from unitdisc.formats import cifar
from unitdisc.formats.colour_images import Pixels, check_size, read_file
from unitdisc.formats.parquet_images import ParquetImages
from unitdisc.formats.tar_members import TarMembers

parquet = (".parquet", ".pq")
most_digits = 18  # of the number of a record


class _Records(Protocol):
    """The images of one file, by their numbers from 0."""

    def image(self, number: int, size: tuple[int, int], source: str) -> Pixels:
        """Return the pixels (H, W, 3) of an image; raises InputError for one that is not of the ``size``."""

    def close(self) -> None:
        """Close the file."""


class _BatchRecords:
    """The images of a batch of CIFAR-10, in memory."""

    def __init__(self, data: bytes, location: str) -> None:
        self._records, self._location = cifar.records(data, location), location

    def image(self, number: int, size: tuple[int, int], source: str) -> Pixels:
        if number >= len(self._records):
            raise InputError(f"has no record {number}: there are {len(self._records)}", self._location)
        check_size((cifar.side, cifar.side), size, source)
        return cifar.pixels(self._records[number])

    def close(self) -> None:
        pass


class ImageSources:
    """Pixels by source; ``size`` is the height and width that every image must have. A context manager.

    A source is a path, or ``path:record`` in a batch of CIFAR-10 or a Parquet file, or ``archive#member:record``;
    records count from 0. The last of these files stays in memory, and an archive is read on from where it is: sources
    one after another in the order of the files take one reading.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._location = ""
        self._records: _Records | None = None
        self._archive: TarMembers | None = None

    def __enter__(self) -> "ImageSources":
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        if self._archive is not None:
            self._archive.__exit__()

    def read(self, source: str) -> Pixels:
        """Return the pixels (H, W, 3) at ``source``; raises InputError where there is no such image."""
        location, _, number = source.rpartition(":")
        is_record = location and number.isascii() and number.isdigit() and len(number) <= most_digits
        if not is_record or (location != self._location and is_a_file(source)):
            return read_file(source, self.size)
        if self._records is None or location != self._location:
            self._close()
            self._records, self._location = self._opened(location), location
        return self._records.image(int(number), self.size, source)

    def _opened(self, location: str) -> _Records:
        """Open what holds many images."""
        if is_a_file(location):
            path = Path(location)
            return ParquetImages(path) if path.suffix in parquet else _BatchRecords(cifar.read_file(path), location)
        for end in (at for at, character in enumerate(location) if character == "#"):
            if is_a_file(location[:end]):
                return _BatchRecords(self._member(Path(location[:end]), location[end + 1 :]), location)
        raise InputError("no such file", location)

    def _member(self, path: Path, name: str) -> bytes:
        """Return the bytes of a member of an archive: going on from the last one, or else once from its beginning."""
        if self._archive is not None and self._archive.path == path:
            found = self._archive.find(name)
            if found is not None:
                return found
        if self._archive is not None:
            self._archive.__exit__()
        self._archive = TarMembers(path)
        found = self._archive.find(name)
        if found is not None:
            return found
        raise InputError("is not in the archive", f"{path}#{name}")

    def _close(self) -> None:
        if self._records is not None:
            self._records.close()
        self._records = None
