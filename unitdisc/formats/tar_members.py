"""Members of a tar, packed by gzip or not: read one after another in place, and never unpacked to disk."""

import gzip
import tarfile
from pathlib import Path
from typing import IO, cast

from unitdisc.errors import InputError
from unitdisc.files import is_a_file
from unitdisc.formats.zip_members import most_growth, small
from unitdisc.guard import foreign

invalid, again = "is not a valid tar archive", "download it again"
most_at_once = 1 << 26  # bytes of a header or a member that is read: they are in memory
most_members = 10_000
magic = b"\x1f\x8b"  # of gzip


class _Bounded:
    """A stream that is read no further than its file deserves, and in no larger pieces than memory is for.

    tarfile believes what an archive says: a header of gigabytes, of zeros that gzip packed to nothing, fills a memory.
    """

    def __init__(self, file: IO[bytes], end: int) -> None:
        self._file, self._end = file, end

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= most_at_once:
            raise ValueError(f"a header or member of {size:,} bytes is none of this archive")
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, offset: int) -> int:
        self._check(offset)
        return self._file.seek(offset)

    def tell(self) -> int:
        return self._file.tell()

    def _check(self, place: int) -> None:
        if place > self._end:
            raise ValueError(f"it would grow to more than {self._end:,} bytes")


class TarMembers:
    """The members of a tar from its first to its last; a context manager.

    Raises InputError for a file that is missing, or is damaged as far as it is read.
    """

    def __init__(self, path: Path) -> None:
        if not is_a_file(path):
            raise InputError("no such file", path)
        self.path, self._count = path, 0
        with foreign(invalid, path, fix=again):
            self._raw = path.open("rb")
            packed = self._raw.read(len(magic)) == magic
            self._raw.seek(0)
            file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
            self._file = _Bounded(file, max(small, most_growth * path.stat().st_size))
            self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> "TarMembers":
        return self

    def __exit__(self, *error: object) -> None:
        self._raw.close()

    def following(self) -> tarfile.TarInfo | None:
        """Return the member after the last one; after the last of all, check what follows it and return None."""
        with foreign(invalid, self.path, fix=again):
            if self._tar is None:
                self._tar = tarfile.open(fileobj=cast("IO[bytes]", self._file), mode="r:")  # noqa: SIM115 (with its file)
            found = self._tar.next()
            self._tar.members = []  # type: ignore[attr-defined]  # would grow
            self._count += 1
            if self._count > most_members:
                raise ValueError(f"more than {most_members:,} members")
            if found is None:
                self._read_to_end()
        return found

    def find(self, name: str) -> bytes | None:
        """Return the bytes of the next member of that name; None where none follows."""
        while (member := self.following()) is not None:
            if member.name == name:
                return self.read(member)
        return None

    def read(self, member: tarfile.TarInfo) -> bytes:
        """Return the bytes of the member that came last; raises InputError for a link, and for anything but a file."""
        where = self.where(member)
        if not member.isreg() or member.issparse():
            raise InputError("is a link, a device or a sparse file in the archive, not a file", where, fix=again)
        with foreign("is damaged in the archive", where, fix=again):
            self._file.seek(member.offset_data)
            data = self._file.read(member.size)
            if len(data) < member.size:
                raise ValueError(f"{len(data):,} of its {member.size:,} bytes are there")
        return data

    def where(self, member: tarfile.TarInfo) -> str:
        """Return the location of a member as messages and sources name it: the archive, '#' and its name."""
        return f"{self.path}#{member.name}"

    def _read_to_end(self) -> None:
        """Read what follows the last member, so that gzip compares its checksum."""
        while self._file.read(1 << 20):
            pass
