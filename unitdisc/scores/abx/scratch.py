"""Space for large arrays: memory up to a limit, temporary files beyond it."""

import math
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Allocates arrays in ``limit`` bytes of memory, and in files of the temporary folder beyond that.

    A file has no name, so that it disappears with its array however the program ends.
    """

    def __init__(self, limit: float) -> None:
        self.left = limit

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an uninitialised array."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size <= self.left or size == 0:
            self.left -= size
            return np.empty(shape, dtype=dtype)
        with tempfile.TemporaryFile(prefix="unitdisc-") as file:
            return np.memmap(file, dtype=dtype, mode="w+", shape=shape).view(np.ndarray)
