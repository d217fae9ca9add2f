"""Tokens cut from features: the frames of each item, all in one array."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Distance
from unitdisc.errors import InputError
from unitdisc.formats.item_files import Items
from unitdisc.progress import track
from unitdisc.scores.abx.distances import prepare
from unitdisc.scores.abx.ranges import ranges
from unitdisc.scores.abx.scratch import Scratch

Features = Mapping[str, NDArray[Any]]


@runtime_checkable
class Placed(Protocol):
    """Features that know the file they were read from."""

    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Frames (F, D) of all tokens; those of token t are the ``lengths[t]`` rows from ``starts[t]``."""

    frames: Floats
    starts: Ints
    lengths: Ints


def find_frames(items: Items, frame_shift: Fraction) -> tuple[Ints, Ints]:
    """Return the first frame of each item (N,) and the one after its last (N,).

    Frame i is at (i + 0.5) · ``frame_shift``; an item has the frames from its onset to its offset, both included:
    ceil(onset / shift - 0.5) to floor(offset / shift - 0.5), in exact arithmetic, since 0.29 / 0.01 is not 29 in
    floats.
    """
    first, stop = [], []
    p, q = 2 * frame_shift.numerator, 2 * frame_shift.denominator
    for onset, offset in zip(items.table["onset"], items.table["offset"], strict=True):
        (n, d), (m, e) = onset.as_integer_ratio(), offset.as_integer_ratio()
        first.append(-((d * p // 2 - n * q) // (d * p)))
        stop.append((m * q - e * p // 2) // (e * p) + 1)
    return np.array(first, dtype=np.int64), np.array(stop, dtype=np.int64)


def cut_tokens(
    items: Items, rows: Ints, spans: tuple[Ints, Ints], features: Features, *, distance: Distance, scratch: Scratch
) -> Tokens:
    """Cut the frames of the items ``rows`` (N,), in that order, reading the features of each utterance once.

    ``spans`` are the first frame of every item and the one after its last. Where features end one frame early, as after
    convolutions without padding, the last token has one frame less. Raises InputError naming file and
    line for an item whose utterance has no features or that extends past their end, and for features that do not suit
    the distance or have a different number of columns than the rest.
    """
    first, stop = (bound[rows] for bound in spans)
    lengths = stop - first
    starts = np.cumsum(lengths) - lengths
    frames, shape = np.zeros((0, 0)), (0,)
    for utterance, part in track(_by_utterance(items, rows), "reading features"):
        matrix = _read(items, features, utterance, int(rows[part[0]]))
        prepared = _prepared(matrix, distance, utterance, features)
        if not len(frames):
            frames, shape = scratch.empty((int(lengths.sum()), prepared.shape[1]), np.float64), matrix.shape[1:]
        if matrix.shape[1:] != shape:
            raise InputError(f"{utterance!r} has another number of columns than the rest", _path(features))
        excess = stop[part] - len(prepared)
        bad = (first[part] >= len(prepared)) | (excess > 1)
        if bad.any():
            _complain(items, int(rows[part[np.argmax(bad)]]), len(prepared))
        lengths[part] -= np.maximum(excess, 0)
        frames[ranges(starts[part], lengths[part])] = prepared[ranges(first[part], lengths[part])]
    return Tokens(frames, starts, lengths)


def collapse(tokens: Tokens) -> Tokens:
    """Drop each frame of a token that repeats the one before it."""
    frames = tokens.frames[ranges(tokens.starts, tokens.lengths)]
    starts = np.cumsum(tokens.lengths) - tokens.lengths
    fresh = np.append(True, (frames[1:] != frames[:-1]).any(axis=1))
    fresh[starts] = True
    lengths = np.add.reduceat(fresh, starts, dtype=np.int64)
    return Tokens(frames[fresh], np.cumsum(lengths) - lengths, lengths)


def _by_utterance(items: Items, rows: Ints) -> list[tuple[str, Ints]]:
    """Return each utterance and the positions of its ``rows``, in item order, so that the first error is reported."""
    order = np.argsort(rows)
    names = items.table["utterance"].to_numpy(object)[rows[order]]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    codes = np.array([numbers[name] for name in names], dtype=np.int64)
    order = order[np.argsort(codes, kind="stable")]
    return list(zip(numbers, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True))


def _read(items: Items, features: Features, utterance: str, row: int) -> NDArray[Any]:
    try:
        return np.asarray(features[utterance])
    except KeyError:
        where = f" in {_path(features)}" if _path(features) else ""
        raise InputError(f"{utterance!r} has no features{where}", items.path, items.line(row)) from None


def _prepared(matrix: NDArray[Any], distance: Distance, utterance: str, features: Features) -> Floats:
    try:
        return prepare(matrix, distance)
    except InputError as error:
        raise InputError(f"{utterance!r} {error}", _path(features)) from None


def _complain(items: Items, row: int, frames: int) -> None:
    token = items.table.iloc[row]
    what = f"token {token.onset} to {token.offset} extends past the {frames} frames of {token.utterance!r}"
    raise InputError(what, items.path, items.line(row), "check the frame shift")


def _path(features: Features) -> Path | None:
    return features.path if isinstance(features, Placed) else None
