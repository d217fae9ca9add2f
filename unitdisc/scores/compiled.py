"""Compile a kernel when its module is imported, once a machine: numba keeps the result on disk."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(*signatures: str) -> Callable[[Kernel], Kernel]:
    """Compile the decorated loop for these signatures, free of Python's lock so that threads can share the work."""
    return cast("Callable[[Kernel], Kernel]", numba.njit(list(signatures), cache=True, nogil=True, error_model="numpy"))
