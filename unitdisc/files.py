"""Text files: read as UTF-8 with or without a byte order mark, and written completely or not at all.

Every error of encoding, and of JSON in a file, is reported here. What is written goes to a temporary file in the same
folder, which is then renamed.
"""

import hashlib
import io
import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from unitdisc.errors import InputError
from unitdisc.guard import foreign
from unitdisc.notices import Notices


def read_bytes(path: str | Path, *, missing: str | None = None) -> bytes:
    """Return the bytes of a file of text; raises InputError for one that is missing, or a folder.

    ``missing`` says what to do where the file does not exist.
    """
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", path, fix=missing) from None
    except IsADirectoryError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None
    except ValueError as error:  # a name with a NUL
        raise InputError(f"cannot be opened ({error})", path) from None


def is_there(path: str | Path) -> bool:
    """Return whether a path exists; one that no file can have, with a NUL or too long, does not."""
    return os.path.exists(path)  # noqa: PTH110 (Path.exists raises OSError for a name that is too long)


def is_a_file(path: str | Path) -> bool:
    """Return whether a path is that of a file; see ``is_there``."""
    return os.path.isfile(path)  # noqa: PTH113 (see above)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode(raw: bytes, path: str | Path) -> str:
    """Return the text of the bytes of ``path``, line ends as they are; raises InputError where it is not UTF-8."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not a UTF-8 text file ({error})", path) from None
    if "\0" in text:
        raise holds_nul(path, text.count("\n", 0, text.index("\0")) + 1)
    return text


def holds_nul(path: str | Path, line: int) -> InputError:
    """Return the error for a text with a NUL, which no name, label or number has."""
    return InputError("is not a UTF-8 text file (it holds a NUL character)", path, line)


def read_text(path: str | Path, *, missing: str | None = None) -> str:
    """Return the text of a file, every line end a line feed; see ``read_bytes`` and ``decode`` for errors."""
    return io.StringIO(decode(read_bytes(path, missing=missing), path), newline=None).read()


def read_json(path: str | Path, *, missing: str | None = None, keys: Sequence[str] = ()) -> Any:
    """Return what a JSON file holds.

    Raises InputError where it is not JSON, or not an object with all of ``keys``; see ``read_text`` for the others.
    """
    text = read_text(path, missing=missing)
    content = parse_json(text, path)
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            raise InputError(f'has no "{key}"', path)
    return content


def parse_json(text: str, path: str | Path | None = None, line: int | None = None) -> Any:
    """Return what JSON text of a file says; raises InputError where it is not JSON."""
    with foreign("is not JSON", path, line):
        return json.loads(text)


def below(root: Path, notices: Notices | None = None, *, dangling: bool = False) -> list[Path]:
    """Return the files below a folder, in order; links are followed, and what starts with a dot is left out.

    Not followed are links back to a folder around them, and links below a link to a folder that was read before:
    folders that link to one another would multiply. ``notices`` learns of these, of hidden files, and of links that
    lead nowhere, unless ``dangling`` asks for these as files.
    """
    notices, found = notices or Notices(), list[Path]()
    folders, linked = [_Folder(root, (os.path.realpath(root),))], deque[_Folder]()
    read: set[str] = set()
    while folders or linked:
        folder = folders.pop() if folders else linked.popleft()
        if folder.links > 1 and folder.around[-1] in read:
            notices.add("links to folders that were read before, not followed", str(folder.path))
            continue
        read.add(folder.around[-1])
        for entry in _entries(folder.path, notices):
            if entry.is_dir():
                inner = folder.inner(entry)
                if inner.around[-1] in folder.around:
                    notices.add("links back to a folder around them, not followed", str(entry))
                else:
                    (linked if inner.links > folder.links else folders).append(inner)
            elif entry.is_file() or (dangling and entry.is_symlink()):
                found.append(entry)
            else:
                notices.add("links that lead nowhere, and special files, left out", str(entry))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder with the real paths of those around it, its own as the last, and the links that lead to it."""

    path: Path
    around: tuple[str, ...]
    links: int = 0

    def inner(self, path: Path) -> "_Folder":
        return _Folder(path, (*self.around, os.path.realpath(path)), self.links + path.is_symlink())


def _entries(folder: Path, notices: Notices) -> Iterator[Path]:
    """Yield what is in a folder, in order, without what is hidden."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot be listed ({error.strerror or error})", folder) from None
    for entry in entries:
        if entry.name.startswith(".") or entry.name in ("__MACOSX", "@eaDir"):
            notices.add("hidden files and folders left out", str(entry))
        else:
            yield entry


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path`` that replaces it when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:  # neither a full disk nor a writer of another package says which file it has no room for
        if error.filename in (None, name):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: str | Path) -> Iterator[TextIO]:
    """Yield a text file (UTF-8, Unix line ends) that becomes ``path`` when the block ends without an error."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        yield file
