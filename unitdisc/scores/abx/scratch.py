"""Room for large arrays: memory up to a limit, temporary files beyond it."""

import math
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Hands out arrays from ``limit`` bytes of memory, and from files in the temporary folder when those are spent.

    A file has no name: it goes with its array, whatever ends the program.
    """

    def __init__(self, limit: float) -> None:
        self.left = limit

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array with no defined content."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size <= self.left or size == 0:
            self.left -= size
            return np.empty(shape, dtype=dtype)
        with tempfile.TemporaryFile(prefix="unitdisc-") as file:
            return np.memmap(file, dtype=dtype, mode="w+", shape=shape).view(np.ndarray)
