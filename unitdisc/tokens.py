"""Tokens as text, and tokens of several codebooks: their indices joined by colons, as rows, or as one number.

Units are (T,) where a token has one number, and (T, G) where it has an index of each of G codebooks. The tokens of an
image form a grid, in raster order.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unitdisc.arrays import Ints, Mask
from unitdisc.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

Grid = tuple[int, int]  # rows, columns

most_parsed = 64  # indices of a token that a column of texts is read with at once
grid_form = re.compile(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})")
word = 64  # bits


def indices(units: Ints) -> int:
    """Return how many indices a token has: G of units (T, G), 1 of (T,)."""
    return units.shape[1] if units.ndim == 2 else 1


def text(units: Ints, between: str = ":") -> str:
    """Return tokens separated by spaces, the indices of each joined by ``between``."""
    if units.ndim == 1:
        return " ".join(map(str, units.tolist()))
    return " ".join(between.join(map(str, token)) for token in units.tolist())


def parsed(cell: str, name: str, path: str | Path, line: int | None, between: str = ":") -> Ints:
    """Return the units of a text that ``text`` wrote; a text without ``between`` has one number per token.

    Raises InputError naming file and line for what is not a whole number from 0, and for tokens with different numbers
    of indices.
    """
    if between in cell:
        return _joined(cell, name, path, line, between)
    try:
        units = np.array(cell.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(f"a unit of {name!r} is not a whole number", path, line) from None
    if units.size and units.min() < 0:
        raise InputError(f"unit {units.min()} of {name!r} is below 0", path, line)
    return units


def parsed_column(texts: "pa.Array") -> list[Ints] | None:
    """Return the units of each of several texts, or None where one is empty or not as ``text`` writes it."""
    import pyarrow as pa
    from pyarrow import compute

    count = (texts[0].as_py() or "").partition(" ")[0].count(":") + 1 if len(texts) else 1
    if count > most_parsed:
        return None
    token = "[0-9]{1,18}" + ":[0-9]{1,18}" * (count - 1)
    plain = compute.match_substring_regex(texts, f"^{token}( {token})*$")
    if not compute.all(plain, skip_nulls=False).as_py():
        return None
    lists = compute.split_pattern(texts if count == 1 else compute.replace_substring(texts, ":", " "), " ")
    units = lists.flatten().cast(pa.int64()).to_numpy()
    edges = np.append(0, np.cumsum(lists.value_lengths().to_numpy())) // count
    rows = units if count == 1 else units.reshape(-1, count)
    return [rows[start:end].copy() for start, end in pairwise(edges.tolist())]


def as_rows(lists: Iterable[Sequence[Any]], name: str, path: str | Path, line: int | None) -> None:
    """Raise InputError where the tokens of an utterance have different numbers of indices."""
    first = None
    for number, token in enumerate(lists, start=1):
        first = len(token) if first is None else first
        if len(token) != first:
            what = f"token {number} of {name!r} has another number of indices than the first"
            raise InputError(f"{what}: {len(token)}, not {first}", path, line)


def agreeing(units: Ints, before: int | None, name: str, path: str | Path | None, line: int | None) -> int | None:
    """Return how many indices the tokens of a file have; raises InputError where an utterance has others.

    ``before`` is the number in the utterances before this one, None where they have no tokens.
    """
    if not len(units):
        return before
    own = indices(units)
    if before is not None and own != before:
        what = f"the tokens of {name!r} have another number of indices than those before: {own}, not {before}"
        raise InputError(what, path, line)
    return own


def stacked(parts: Iterable[Ints]) -> Ints:
    """Return the units of several utterances, which have as many indices per token, one after another."""
    filled = [units for units in parts if len(units)]
    return np.concatenate(filled) if filled else np.zeros(0, dtype=np.int64)


def changes(units: Ints) -> Mask:
    """Return whether each token but the first (T - 1,) differs from the one before it, in any index."""
    rows = units[:, None] if units.ndim == 1 else units
    differs: Mask = (rows[1:] != rows[:-1]).any(axis=1)
    return differs


def joint(units: Ints) -> Ints:
    """Return one number (T,) per token, the same for equal tokens of whatever utterance; units (T,) as they are.

    It is exact where every index of a token is below 2^(64 / G), rounded down: 256 for 8 codebooks. Of other tokens it
    is a hash of 64 bits: that two of n different tokens have the same one has a probability of n² / 2^65, 1 in 37
    million for a million. Numbers may be below 0.
    """
    if units.ndim == 1 or units.shape[1] == 1:
        return units.reshape(-1)
    bits = word // units.shape[1]
    rows = units.astype(np.uint64)
    packed, mixed = np.zeros((2, len(rows)), dtype=np.uint64)
    for column in rows.T:
        packed = (packed << np.uint64(bits)) | column
        mixed = _mixed(mixed + column + np.uint64(0x9E3779B97F4A7C15))
    small = bits > 0 and ((rows >> np.uint64(bits)) == 0).all(axis=1)
    return np.where(small, packed, mixed).view(np.int64)


def numbered(sequences: Mapping[str, Ints]) -> dict[str, Ints]:
    """Return one number (T,) per token, from 0, the same for equal tokens; units (T,) as they are."""
    if all(units.ndim == 1 for units in sequences.values()):
        return dict(sequences)
    codes = joint(stacked(sequences.values()))
    numbers = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    ends = np.cumsum([len(units) for units in sequences.values()])
    return dict(zip(sequences, np.split(numbers, ends[:-1]), strict=True))


def grid_text(grid: Grid | None) -> str:
    """Return a grid as ROWSxCOLUMNS; an empty text for none."""
    return "" if grid is None else f"{grid[0]}x{grid[1]}"


def read_grid(value: object, name: str, path: str | Path, line: int | None) -> Grid | None:
    """Return the grid that a text such as 8x8 or a pair of numbers says; None for an empty text or None.

    Raises InputError naming file and line for anything else.
    """
    if value is None or (isinstance(value, str) and not value):
        return None
    shown = "x".join(map(str, value)) if isinstance(value, (list, tuple, np.ndarray)) else str(value)
    match = grid_form.fullmatch(shown)
    if not match:
        raise InputError(f"the grid {shown[:40]!r} of {name!r} is not ROWSxCOLUMNS, such as 8x8", path, line)
    return int(match[1]), int(match[2])


def fitting(grid: Grid | None, tokens: int, name: str, path: str | Path, line: int | None) -> Grid | None:
    """Return a grid; raises InputError where it has not as many places as there are tokens."""
    if grid is not None and grid[0] * grid[1] != tokens:
        what = f"the grid {grid_text(grid)} of {name!r} has {grid[0] * grid[1]} places for {tokens} tokens"
        raise InputError(what, path, line)
    return grid


def _joined(cell: str, name: str, path: str | Path, line: int | None, between: str) -> Ints:
    tokens = [token.split(between) for token in cell.split()]
    for token in tokens:
        if not all(index.isascii() and index.isdigit() and len(index) < 19 for index in token):
            shown = between.join(token)[:40]
            raise InputError(f"token {shown!r} of {name!r} is not whole numbers joined by {between!r}", path, line)
    as_rows(tokens, name, path, line)
    return np.array(tokens, dtype=np.int64)


def _mixed(values: "np.ndarray[Any, np.dtype[np.uint64]]") -> "np.ndarray[Any, np.dtype[np.uint64]]":
    """Return 64 bits of which each depends on all those of a value (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
