"""The folder of a long work, beside what it makes: it has one owner, and what is finished survives an interruption."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from unitdisc.errors import InputError


@contextmanager
def working_folder(out: Path, digest: str, *, finished: str) -> Iterator[Path]:
    """Yield the folder of the work for ``out``, which is deleted when all is done.

    ``digest`` is that of the settings of the work: what others left there is deleted. ``finished`` is the pattern of
    the files that a later attempt can use. Raises InputError while another process works there.
    """
    folder = out.parent / f".{out.name}.work"
    work = folder / digest
    with _owned(folder, out):
        for other in folder.iterdir():
            if other.is_dir() and other != work:
                discard(other)
        work.mkdir(exist_ok=True)
        for left in work.glob(".*"):  # temporary files of processes that were killed
            if left.suffix != ".crc32":
                left.unlink(missing_ok=True)
        try:
            yield work
        except InputError:
            if not any(work.glob(finished)):  # nothing is lost that a later attempt could use
                discard(work)
            raise
        discard(work)


def discard(folder: Path) -> None:
    """Delete a folder that is whole at one moment and gone at the next, so that no half of it is ever used."""
    with suppress(FileNotFoundError):  # another process has deleted it, where the system has no locks
        doomed = Path(tempfile.mkdtemp(prefix="gone-", dir=folder.parent))
        folder.replace(doomed)
        shutil.rmtree(doomed)


@contextmanager
def _owned(folder: Path, out: Path) -> Iterator[None]:
    """Own a folder, which is made, until the block ends; then it is deleted if nothing else is in it."""
    lock = _locked(folder, out)
    try:
        yield
    finally:
        with suppress(OSError):  # another process has made its lock meanwhile
            if {path.name for path in folder.iterdir()} == {"lock"}:
                (folder / "lock").unlink()
                folder.rmdir()
        lock.close()


def _locked(folder: Path, out: Path) -> TextIO:
    """Return the locked file of a folder; raises InputError where another process has locked it."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
        except (FileNotFoundError, FileExistsError):  # the owner has just deleted the folder
            if folder.is_file():
                raise
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise InputError("is being written by another process", out, fix="wait for it, or choose another") from None
        except OSError:  # some network file systems have no locks
            return lock
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), (folder / "lock").stat()):
                return lock
        lock.close()  # that of an owner who has deleted it since
