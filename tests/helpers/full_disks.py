"""A disk with little room, where the system allows one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def fill(disk: Path) -> Path:
    """Write a file that leaves no room on a disk, and return it."""
    path = disk / "filler"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return path


def mounted(folder: Path, size: str) -> bool:
    """Mount a disk of so many bytes ("1m") on a folder; return whether that is allowed here."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        return not subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return False


def unmount(folder: Path) -> None:
    """Take the disk away again; files may still be mapped into memory."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of so many bytes ("1m") on a folder; skip the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    if not mounted(folder, size):
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        unmount(folder)
