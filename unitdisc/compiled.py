"""Loops compiled by numba, without Python's global lock, and cached on disk so that a machine compiles each once."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(*signatures: Any, fastmath: set[str] | None = None) -> Callable[[Kernel], Kernel]:
    """Compile the decorated loop for these ``signatures`` now, or without signatures on first use.

    A signature is a text such as ``"void(f8[:], i8)"`` or a tuple of numba's types. The result is cached in the
    package's folder or, if that is not writable, in the user's cache folder. Threads can run the loop in parallel.
    """

    def wrap(function: Kernel) -> Kernel:
        compile_as: Any = partial(
            numba.njit, list(signatures) or None, nogil=True, error_model="numpy", fastmath=fastmath or False
        )
        try:
            kernel: Kernel = compile_as(cache=True)(function)
        except RuntimeError:  # no cache folder is writable
            kernel = compile_as()(function)
        return kernel

    return wrap
