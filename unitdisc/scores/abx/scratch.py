"""Space for large arrays: memory up to a limit, temporary files beyond it."""

import errno
import math
import os
import tempfile
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from unitdisc.errors import InputError

full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Scratch:
    """Allocates arrays in ``limit`` bytes of memory, and in files of the temporary folder beyond that.

    A file has no name, so that it disappears with its array however the program ends.
    """

    def __init__(self, limit: float) -> None:
        self.left = limit

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an uninitialised array; raises InputError where the temporary folder has no room for it."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size <= self.left or size == 0:
            self.left -= size
            return np.empty(shape, dtype=dtype)
        folder = _folder()
        try:
            with tempfile.TemporaryFile(prefix="unitdisc-", dir=folder) as file:
                _reserve(file, size)
                return np.memmap(file, dtype=dtype, mode="w+", shape=shape).view(np.ndarray)
        except OSError as error:
            if error.errno not in full:
                raise
            what = f"has no room for a temporary file of {math.ceil(size / 1e6)} MB ({error.strerror})"
            fix = "free some there, name another folder with TMPDIR, or raise --memory"
            raise InputError(what, folder, fix=fix) from None


def _folder() -> str:
    """Return the temporary folder; Python takes none that it cannot write to, such as one on a full disk."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        fix = "free some space, or name a folder with TMPDIR"
        raise InputError("no folder for temporary files can be written to", fix=fix) from None


def _reserve(file: IO[bytes], size: int) -> None:
    """Give a file its blocks now: without them, writing to its memory on a full disk ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
