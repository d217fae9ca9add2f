"""The guard around foreign parsers: whatever they raise is one line that names the file, and nothing else is hidden."""

import errno
import json
import struct
import warnings
import zlib

import pytest

from unitdisc.errors import InputError
from unitdisc.guard import foreign, reason

raised = [
    (ValueError("bad\nvalue"), "bad value"),
    (KeyError("x"), "'x'"),
    (zlib.error("Error -3"), "Error -3"),
    (struct.error("unpack requires 4 bytes"), "unpack requires 4 bytes"),
    (OSError(errno.EIO, "Input/output error", "a"), "Input/output error"),
    (MemoryError(), "it needs more memory than there is"),
    (RecursionError("maximum recursion depth"), "it is nested too deeply"),
    (OverflowError(), "OverflowError"),
    (SyntaxError("broken PNG file"), "broken PNG file"),
]


@pytest.mark.parametrize(("error", "text"), raised)
def test_whatever_a_parser_raises_is_one_line_with_the_file(error, text):
    with pytest.raises(InputError) as told, foreign("cannot be read", "a.x", 3, "copy it again"):
        raise error
    assert str(told.value) == f"a.x:3: cannot be read ({text}); copy it again"
    assert told.value.__cause__ is None


def test_an_error_of_ours_passes_as_it_is():
    with pytest.raises(InputError, match=r"^b: is empty$"), foreign("cannot be read", "a"):
        raise InputError("is empty", "b")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_passes(stop):
    with pytest.raises(stop), foreign("cannot be read", "a"):
        raise stop


def test_warnings_of_a_parser_are_dropped():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with foreign("cannot be read", "a"):
            warnings.warn("of no use to anybody", UserWarning, stacklevel=1)


def test_a_long_reason_is_shortened():
    assert len(reason(ValueError("x" * 10**6))) == 200


def test_json_that_is_deep_or_long_is_told():
    for text in ("[" * 10**5, "9" * 5000):
        with pytest.raises(InputError, match=r"^a: is not JSON \("), foreign("is not JSON", "a"):
            json.loads(text)
