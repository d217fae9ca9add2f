"""Compiled loops: numba, free of Python's lock, kept on disk so that a machine compiles a loop once."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(*signatures: Any, fastmath: set[str] | None = None) -> Callable[[Kernel], Kernel]:
    """Compile the decorated loop for these ``signatures`` now, so that no call waits for it, or else on first use.

    A signature is a text such as ``"void(f8[:], i8)"`` or a tuple of numba's types. The result is kept in the
    package's folder, or else in the user's cache folder, where either can be written. Threads can share the work.
    """

    def wrap(function: Kernel) -> Kernel:
        compile_as: Any = partial(
            numba.njit, list(signatures) or None, nogil=True, error_model="numpy", fastmath=fastmath or False
        )
        try:
            kernel: Kernel = compile_as(cache=True)(function)
        except RuntimeError:  # no folder for the cache can be written
            kernel = compile_as()(function)
        return kernel

    return wrap
