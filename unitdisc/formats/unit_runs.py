"""The units of an utterance as a file has them, and the tokens that they stand for."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.utterance_names import utterance_name
from unitdisc.tokens import Grid, parsed

largest = 2**31 - 1
most_tokens = 10**8  # of an utterance: at 100 a second, they last eleven days
off_grid = 0.1  # of a token: times of units further from a multiple of the frame shift are an error
listed = re.compile(r"[0-9]+(?:[ \t]*,[ \t]*[0-9]+)*")
joined = re.compile(r"[ \t]*[0-9]+([:-])[0-9]")  # the first token of several codebooks, ours or fairseq's
commas = re.compile(r"[0-9:-]+(?:[ \t]*,[ \t]*[0-9:-]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class UnitRuns:
    """Units (R,) with what the file says of each: ``lengths`` (R,) in tokens, ``start`` and ``end`` (R,), or neither.

    Units of several codebooks are (R, G). Times are in seconds or columns, as is ``frame_shift``; without lengths and
    times there is one unit per token. ``line`` is where the units begin, counted from 1. The tokens of an image have a
    ``grid``.
    """

    utterance: str
    units: Ints
    line: int | None = None
    lengths: Ints | None = None
    start: NDArray[np.float64] | None = None
    end: NDArray[np.float64] | None = None
    frame_shift: Fraction | None = None
    grid: Grid | None = None

    def tokens(self, frame_shift: Fraction, path: str | Path) -> Ints:
        """Return one unit per token (T,).

        Raises InputError for times that leave a gap, overlap, or are not multiples of ``frame_shift``.
        """
        if self.start is not None and self.end is not None:
            lengths = self._lengths(self.start, self.end, float(frame_shift), path)
        elif self.lengths is None:
            return self.units
        else:
            lengths = self.lengths
        if lengths.sum(dtype=float) > most_tokens:
            raise InputError(f"the units of {self.utterance!r} last {lengths.sum()} tokens", path, self.line)
        return np.repeat(self.units, lengths, axis=0)

    def _lengths(self, start: NDArray[np.float64], end: NDArray[np.float64], shift: float, path: str | Path) -> Ints:
        if not len(start):
            return np.zeros(0, dtype=np.int64)
        with np.errstate(over="ignore", invalid="ignore"):  # times of 300 digits are refused below
            begins, ends = start / shift, end / shift
            first, last = np.rint(begins), np.rint(ends)
            if not abs(ends[-1] - last[-1]) <= off_grid:
                last[-1] = np.ceil(ends[-1])  # the recording ends within the last token
            exact = (np.abs(begins - first) <= off_grid) & (np.append(np.abs(ends - last)[:-1], 0) <= off_grid)
        follows = first == np.append(0, last[:-1])
        faults = (
            (~(np.isfinite(first) & np.isfinite(last)) | (last <= first), "does not last a token"),
            (~exact, f"is not from one multiple of the frame shift {shift:g} to another"),
            (~follows, "does not begin where the one before it ends"),
        )
        for fault, what in faults:
            if fault.any():
                i = int(np.argmax(fault))
                unit = f"unit {self.units[i]} of {self.utterance!r} ({start[i]:g} to {end[i]:g})"
                raise InputError(f"{unit} {what}", path, self.line, fix="check --frame-shift")
        lengths: Ints = np.minimum(last - first, most_tokens + 1).astype(np.int64)
        return lengths


def read_units(text: str, utterance: str, path: str | Path, line: int | None) -> Ints:
    """Return the whole numbers (R,) of a text, separated by spaces or by commas; (R, G) of tokens like 5:127 or 5-127.

    Raises InputError naming file and line for anything else, numbers below 0, and separators that are mixed.
    """
    several = joined.match(text)
    if several:
        spaced = text.replace(",", " ") if commas.fullmatch(text.strip()) else text
        return checked(parsed(spaced, utterance, path, line, several[1]), utterance, path, line)
    plain = text.strip()
    if not plain:
        return np.zeros(0, dtype=np.int64)
    if "," in plain and listed.fullmatch(plain):
        plain = plain.replace(",", " ")
    wrong = re.search(r"[^0-9 \t]", plain)
    if wrong:
        _explain(text, utterance, path, line)
    return checked(np.fromstring(plain, dtype=np.int64, sep=" "), utterance, path, line)


def checked(units: NDArray[Any], utterance: str, path: str | Path, line: int | None = None) -> Ints:
    """Return units (R,) or (R, G) as whole numbers; raises InputError for what is else, below 0 or too large.

    Units (R, 1) are returned as (R,).
    """
    if units.size == 0 and units.ndim in (1, 2) and not len(units):
        return np.zeros(0, dtype=np.int64)
    kinds = "iuf" if units.ndim == 1 else "iu"  # a matrix of floats is features, whatever its numbers
    fits = units.ndim in (1, 2) and units.size and units.dtype.kind in kinds
    if not fits or not bool((units == np.rint(units)).all()):
        raise InputError(f"the units of {utterance!r} are not all whole numbers, one per token", path, line)
    if units.min() < 0:
        raise InputError(f"unit {int(units.min())} of {utterance!r} is below 0", path, line)
    if units.max() > largest:
        raise InputError(f"unit {units.max()} of {utterance!r} is above {largest}", path, line)
    whole: Ints = units.astype(np.int64)
    return whole[:, 0] if whole.ndim == 2 and whole.shape[1] == 1 else whole


def with_durations(runs: UnitRuns, durations: NDArray[np.float64], path: str | Path) -> UnitRuns:
    """Return runs that last ``durations`` (R,): tokens where all are whole numbers, otherwise seconds or columns.

    Raises InputError for another number of them than of units, and for one that is not a number above 0.
    """
    name, line = runs.utterance, runs.line
    if durations.shape != runs.units.shape[:1]:
        raise InputError(f"{name!r} has {len(runs.units)} units and {durations.size} durations", path, line)
    if not bool((np.isfinite(durations) & (durations > 0) & (durations < largest)).all()):
        raise InputError(f"a duration of {name!r} is not a number above 0", path, line)
    if bool((durations == np.rint(durations)).all()):
        return replace(runs, lengths=durations.astype(np.int64))
    end = np.cumsum(durations)
    start = np.append(0.0, end[:-1])
    return replace(runs, start=start, end=end)


def names_of(files: Sequence[PurePath], path: str | Path) -> list[str]:
    """Name the utterance of each file below the folder ``path``, or listed in that file; see ``utterance_names``.

    Raises InputError where two files would have the same name.
    """
    folder = path if Path(path).is_dir() else Path(path).parent
    names = [utterance_name(file.relative_to(folder) if file.is_relative_to(folder) else file) for file in files]
    name, count = Counter(names).most_common(1)[0] if names else ("", 1)
    if count > 1:
        raise InputError(f"two files would both be the utterance {name!r}", path)
    return names


def _explain(text: str, utterance: str, path: str | Path, line: int | None) -> None:
    for part in re.split(r"[ \t]+", text.strip()):
        if re.fullmatch(r"-[0-9]+", part):
            raise InputError(f"unit {part} of {utterance!r} is below 0", path, line)
        if not part.isascii() or not part.isdigit():
            shown = part if len(part) < 40 else f"{part[:40]}…"
            what = f"the units of {utterance!r} are not all whole numbers, one per token: {shown!r}"
            raise InputError(what, path, line)
