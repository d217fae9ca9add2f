"""A guard around the parsers of other packages, which raise many kinds of errors for a broken file."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

from unitdisc.errors import InputError, one_line, shortened

longest_reason = 200  # characters of what a parser says


@contextmanager
def foreign(
    what: str, path: str | PathLike[str] | None = None, line: int | None = None, fix: str | None = None
) -> Iterator[None]:
    """Turn whatever a parser raises in the block into an InputError, ``what`` with the reason; warnings are dropped.

    The block is to hold the call of the other package alone: a mistake of our own would look like one of the file. An
    InputError passes as it is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{what} ({reason(error)})", path, line, fix) from None


def reason(error: BaseException) -> str:
    """Return in a few words why a parser failed."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return shortened(one_line(" ".join(text[: 10 * longest_reason].split())), longest_reason) or type(error).__name__
