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
        try:
            with tempfile.TemporaryFile(prefix="unitdisc-") as file:
                _reserve(file, size)
                return np.memmap(file, dtype=dtype, mode="w+", shape=shape).view(np.ndarray)
        except OSError as error:
            if error.errno not in full:
                raise
            what = f"has no room for a temporary file of {math.ceil(size / 1e6)} MB ({error.strerror})"
            fix = "free some there, name another folder with TMPDIR, or raise --memory"
            raise InputError(what, tempfile.gettempdir(), fix=fix) from None


def _reserve(file: IO[bytes], size: int) -> None:
    """Give a file its blocks now: without them, writing to its memory on a full disk ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
