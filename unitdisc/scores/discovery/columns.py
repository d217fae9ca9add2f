"""Numbers of many utterances that come some at a time, kept in as few bytes as they need."""

from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

types = "BHId"  # unsigned numbers of 1, 2 and 4 bytes, and any number; codes of arrays and of NumPy alike


class Column:
    """Numbers in one array that grows in place, of the narrowest of ``types`` that has had to hold one of them."""

    def __init__(self, types: str = types) -> None:
        self._types = types
        self._values: array[Any] = array(types[0])

    def add(self, values: NDArray[Any]) -> None:
        """Append numbers (N,)."""
        code = next((code for code in self._types if _fits(values, code)), self._types[-1])
        if self._types.index(code) > self._types.index(self._values.typecode):
            wider = array(code)
            wider.frombytes(self.values().astype(code).tobytes())
            self._values = wider
        self._values.frombytes(values.astype(self._values.typecode).tobytes())

    def pad(self, length: int) -> None:
        """Append zeros until there are ``length`` numbers."""
        self._values.frombytes(bytes((length - len(self._values)) * self._values.itemsize))

    def values(self) -> NDArray[Any]:
        """Return the numbers, after which none can be added while they are in use."""
        return np.frombuffer(self._values, dtype=self._values.typecode)


def narrowed(values: NDArray[Any], types: str = types) -> NDArray[Any]:
    """Return numbers in the type that a column of them would have."""
    column = Column(types)
    column.add(values)
    return column.values()


def _fits(values: NDArray[Any], code: str) -> bool:
    if code == "d":
        return True
    low, high = values.min(initial=0), values.max(initial=0)
    return bool(low >= 0 and high <= np.iinfo(code).max and (values.dtype.kind in "iu" or (values % 1 == 0).all()))
