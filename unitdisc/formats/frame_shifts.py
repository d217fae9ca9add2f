"""Frame shifts: the distance between two frames or tokens, as an exact fraction of a second or column."""

import math
from fractions import Fraction
from pathlib import Path

from unitdisc.errors import InputError


def read_shift(frame_shift: Fraction | float | str) -> Fraction:
    """Return a frame shift as an exact fraction; raises InputError where it is not a number above 0.

    A decimal with all the digits of a fraction, as 1/75 is written in a file, is that fraction again.
    """
    try:
        # A decimal with a huge exponent would become a fraction with as many digits.
        text = str(frame_shift).strip()
        shift = Fraction(text) if "/" in text or 1e-9 < float(text) < 1e9 else Fraction(0)
        finite = math.isfinite(float(shift))
    except (ValueError, ZeroDivisionError, OverflowError):
        shift, finite = Fraction(0), False
    if shift <= 0 or not finite or float(shift) == 0:
        raise InputError(f"frame shift {str(frame_shift)!r} is not a number above 0")
    simple = shift.limit_denominator(1_000_000)
    return simple if float(simple) == float(shift) else shift


def shift_in_file(value: object, path: str | Path, line: int | None = None) -> Fraction:
    """Return the frame shift that a file states; raises InputError naming file and line."""
    try:
        return read_shift(str(value))
    except InputError:
        raise InputError(f"frame_shift {value} is not above 0", path, line) from None


def agreed_shift(
    own: Fraction | None, given: Fraction | None, path: str | Path, line: int | None = None
) -> Fraction | None:
    """Return the frame shift that a file states (``own``), that was ``given`` beside it, or both.

    Raises InputError where they differ. A file may have fewer digits: less than 0.4 ms in an hour is no difference.
    """
    if own is None or given is None:
        return own if given is None else given
    if not math.isclose(own, given, rel_tol=1e-7):
        fix = "leave --frame-shift out, or give that of the file"
        raise InputError(f"has frame_shift {float(own):g}, not {float(given):g}", path, line, fix=fix)
    return given
