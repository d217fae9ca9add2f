"""Members of a zip, or files of the folder it unpacks to, read in place through one interface."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from unitdisc.errors import InputError


class FileTree(Protocol):
    """Files under one root, named by relative paths with '/'; a path that leaves it is refused by InputError."""

    def where(self, member: str) -> str:
        """Return the place of ``member`` as an error line or an utterance's source tells it."""

    def has(self, member: str) -> bool:
        """Say whether ``member`` is there."""

    def names(self, folder: str) -> list[str]:
        """List the files right in ``folder``, sorted, as paths from the root."""

    def open(self, member: str) -> IO[bytes]:
        """Open ``member``, which is there, to be read."""


class Folder:
    """An unpacked archive; its sources are plain paths."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, member: str) -> str:
        """Return the path of the file."""
        return str(self.root / inside(member, self.root))

    def has(self, member: str) -> bool:
        """Say whether the file is there."""
        return (self.root / inside(member, self.root)).is_file()

    def names(self, folder: str) -> list[str]:
        """List the files right in ``folder``."""
        found = (self.root / inside(folder, self.root)).glob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file())

    def open(self, member: str) -> IO[bytes]:
        """Open the file."""
        return (self.root / inside(member, self.root)).open("rb")


class Zip:
    """An open zip, whose members are at ``place#member``; nothing is unpacked to disk.

    ``file`` is its path, or an open stream for a zip that lies in another one, and then ``place`` says where.
    ``prefix`` stands before every member. A context manager. Raises InputError where it is no zip.
    """

    def __init__(self, file: Path | IO[bytes], *, place: str | None = None, prefix: str = "") -> None:
        self.place = str(file) if place is None else place
        self.prefix = prefix
        with _telling(self.place):
            self._zip = zipfile.ZipFile(file)
        self._members = frozenset(self._zip.namelist())

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def where(self, member: str) -> str:
        """Return zip and member, with '#' between."""
        return f"{self.place}#{self.prefix}{inside(member, self.place)}"

    def has(self, member: str) -> bool:
        """Say whether the zip holds the member."""
        return self.prefix + inside(member, self.place) in self._members

    def has_folder(self, folder: str) -> bool:
        """Say whether any member lies in ``folder``."""
        return any(name.startswith(f"{folder}/") for name in self._members)

    def names(self, folder: str) -> list[str]:
        """List the members right in ``folder``."""
        start = f"{self.prefix}{inside(folder, self.place)}/"
        found = (name for name in self._members if name.startswith(start) and "/" not in name[len(start) :])
        return sorted(name.removeprefix(self.prefix) for name in found if name != start)

    def open(self, member: str) -> IO[bytes]:
        """Open the member as a stream."""
        with _telling(self.where(member)):
            return self._zip.open(self.prefix + member)


def inside(member: str, place: str | Path) -> str:
    """Return ``member`` unless it is absolute or climbs out of ``place``; then raise InputError."""
    if member.startswith("/") or "\\" in member or ":" in member.split("/")[0] or ".." in member.split("/"):
        raise InputError(
            f"path {member!r} leads out of the corpus", place, fix="name it relative to the corpus, without '..'"
        )
    return member


def read_bytes(archive: FileTree, member: str) -> bytes:
    """Return the bytes of ``member``; raises InputError where it is missing or damaged."""
    if not archive.has(member):
        raise InputError("is missing", archive.where(member), fix="fetch the corpus anew")
    with _telling(archive.where(member)), archive.open(member) as file:
        return file.read()


def read_text(archive: FileTree, member: str) -> str:
    """Return the UTF-8 text of ``member``; raises InputError where it is missing, damaged or of another encoding."""
    try:
        return read_bytes(archive, member).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text ({error.reason})", archive.where(member)) from None


class OpenSources:
    """Bytes by source, ``<zip>#<member>`` or a plain path, with each zip opened once; a context manager."""

    def __init__(self) -> None:
        self._zips: dict[Path, Zip] = {}

    def __enter__(self) -> "OpenSources":
        return self

    def __exit__(self, *error: object) -> None:
        for archive in self._zips.values():
            archive.__exit__()
        self._zips.clear()

    def read(self, source: str) -> bytes:
        """Return the bytes at ``source``; raises InputError where there is nothing, or something damaged."""
        if Path(source).is_file():
            return Path(source).read_bytes()
        for place, member in _partings(source):
            if place.is_file():
                if place not in self._zips:
                    self._zips[place] = Zip(place)
                return read_bytes(self._zips[place], member)
        raise InputError("no such file", source)


def nested(archive: FileTree, member: str) -> Zip:
    """Open the zip that ``member`` is, from memory."""
    return Zip(io.BytesIO(read_bytes(archive, member)), place=archive.where(member))


def _partings(source: str) -> Iterator[tuple[Path, str]]:
    """Yield every split of ``source`` at a '#', for folder and member names may hold one too."""
    parts = source.split("#")
    for k in range(1, len(parts)):
        yield Path("#".join(parts[:k])), "#".join(parts[k:])


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """Tell a damaged zip as a user's error that names ``place``."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # RuntimeError is what zipfile raises for an encrypted member, NotImplementedError for an unknown compression.
        raise InputError(f"is not a sound zip ({error})", place, fix="fetch it anew") from None
