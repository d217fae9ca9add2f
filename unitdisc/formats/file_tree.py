"""Members of a zip, or files of the folder it unpacks to, read in location through one interface."""

import io
import zipfile
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

from unitdisc.errors import InputError
from unitdisc.files import decode, is_a_file
from unitdisc.formats.zip_members import check_member
from unitdisc.guard import foreign

invalid, again = "is not a valid zip", "download it again"

Kept = TypeVar("Kept")


class FileTree(Protocol):
    """Files under one root, named by relative paths with '/'; a path that leads out of it raises InputError."""

    def where(self, member: str) -> str:
        """Return the location of ``member`` as error messages and an utterance's source name it."""

    def has(self, member: str) -> bool:
        """Return whether ``member`` exists."""

    def names(self, folder: str) -> list[str]:
        """List the files directly in ``folder``, sorted, as paths from the root."""

    def open(self, member: str) -> IO[bytes]:
        """Open an existing ``member`` for reading."""


class Folder:
    """An unpacked archive; its sources are plain paths."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, member: str) -> str:
        """Return the path of the file."""
        return str(self.root / inside(member, self.root))

    def has(self, member: str) -> bool:
        """Return whether the file exists."""
        return is_a_file(self.root / inside(member, self.root))

    def names(self, folder: str) -> list[str]:
        """List the files directly in ``folder``."""
        paths = (self.root / inside(folder, self.root)).glob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in paths if path.is_file())

    def open(self, member: str) -> IO[bytes]:
        """Open the file."""
        return (self.root / inside(member, self.root)).open("rb")


class Zip:
    """An open zip, a context manager; members are named ``location#member``, and nothing is unpacked to disk.

    ``file`` is its path, or an open stream for a zip inside another one, whose location ``location`` then gives.
    ``prefix`` is prepended to every member's name. Raises InputError for a file that is not a zip.
    """

    def __init__(self, file: Path | IO[bytes], *, location: str | None = None) -> None:
        self.location = str(file) if location is None else location
        self.prefix = ""
        with foreign(invalid, self.location, fix=again):
            self._zip = zipfile.ZipFile(file)
        self._members = frozenset(self._zip.namelist())

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def where(self, member: str) -> str:
        """Return zip and member, with '#' between."""
        return f"{self.location}#{self.prefix}{inside(member, self.location)}"

    def has(self, member: str) -> bool:
        """Return whether the zip holds the member."""
        return self.prefix + inside(member, self.location) in self._members

    def has_folder(self, folder: str) -> bool:
        """Return whether any member is in ``folder``."""
        return any(name.startswith(f"{folder}/") for name in self._members)

    def names(self, folder: str) -> list[str]:
        """List the members directly in ``folder``."""
        start = f"{self.prefix}{inside(folder, self.location)}/"
        members = (name for name in self._members if name.startswith(start) and "/" not in name[len(start) :])
        return sorted(name.removeprefix(self.prefix) for name in members if name != start)

    @property
    def members(self) -> frozenset[str]:
        """The names of all members, as the zip has them."""
        return self._members

    def open(self, member: str) -> IO[bytes]:
        """Open the member as a stream."""
        with foreign(invalid, self.where(member), fix=again):
            info = self._zip.getinfo(self.prefix + member)
            check_member(self._zip, info)
            return self._zip.open(info)


def inside(member: str, location: str | Path) -> str:
    """Return ``member``; raises InputError if it is absolute or leads out of ``location``."""
    if member.startswith("/") or "\\" in member or ":" in member.split("/")[0] or ".." in member.split("/"):
        raise InputError(
            f"path {member!r} leads out of the corpus", location, fix="name it relative to the corpus, without '..'"
        )
    return member


def read_bytes(archive: FileTree, member: str) -> bytes:
    """Return the bytes of ``member``; raises InputError where it is missing or damaged."""
    if not archive.has(member):
        raise InputError("is missing", archive.where(member), fix="download the corpus again")
    with foreign(invalid, archive.where(member), fix=again), archive.open(member) as file:
        return file.read()


def read_text(archive: FileTree, member: str) -> str:
    """Return the UTF-8 text of ``member``; raises InputError where it is missing, damaged or of another encoding."""
    return decode(read_bytes(archive, member), archive.where(member))


class OpenSources:
    """Bytes by source, ``<zip>#<member>`` or a plain path, with each zip opened once; a context manager."""

    def __init__(self) -> None:
        self._zips: dict[Path, Zip] = {}
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    def __enter__(self) -> "OpenSources":
        return self

    def __exit__(self, *error: object) -> None:
        for archive in self._zips.values():
            archive.__exit__()
        self._zips.clear()
        self._kept.clear()

    def kept(self, kind: str, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what ``make`` makes for a key; the last of each kind is in memory, for sources that share it."""
        found = self._kept.get(kind)
        if found is None or found[0] != key:
            found = self._kept[kind] = (key, make())
        made: Kept = found[1]
        return made

    def has(self, source: str) -> bool:
        """Return whether there is such a file, or such a member of a zip."""
        if is_a_file(source):
            return True
        zips = ((path, member) for path, member in _splits_at_hash(source) if is_a_file(path))
        return any(zipfile.is_zipfile(path) and member in self._opened(path).members for path, member in zips)

    def _opened(self, path: Path) -> Zip:
        if path not in self._zips:
            self._zips[path] = Zip(path)
        return self._zips[path]

    def read(self, source: str) -> bytes:
        """Return the bytes at ``source``; raises InputError where it is missing or damaged."""
        if is_a_file(source):
            return Path(source).read_bytes()
        for path, member in _splits_at_hash(source):
            if is_a_file(path):
                return read_bytes(self._opened(path), member)
        raise InputError("no such file", source)


def member(source: str) -> str:
    """Return the path of ``source`` in its zip, or its own path where it is in none."""
    found = (inner for path, inner in _splits_at_hash(source) if is_a_file(path))
    return source if is_a_file(source) else next(found, source)


def nested(archive: FileTree, member: str) -> Zip:
    """Open the zip that is ``member`` of another one, reading it into memory."""
    return Zip(io.BytesIO(read_bytes(archive, member)), location=archive.where(member))


def _splits_at_hash(source: str) -> Iterator[tuple[Path, str]]:
    """Yield every split of ``source`` at a '#', since folder and member names may hold one too."""
    parts = source.split("#")
    for k in range(1, len(parts)):
        yield Path("#".join(parts[:k])), "#".join(parts[k:])
