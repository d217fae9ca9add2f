"""Tokens cut from features: the frames of each item, all in one array."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What tokens are cut from: features, the first frame of every item and the one after its last, a distance."""

    features: Features
    spans: tuple[Ints, Ints]
    distance: Distance


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


def cut_tokens(items: Items, rows: Ints, sides: Sequence[Side], scratch: Scratch) -> list[Tokens]:
    """Cut the frames of the items ``rows`` (N,), in that order, from each of the ``sides``.

    Utterances are read one after the other, each once from every side, so that what sides share is computed once. Where
    features end one frame early, as after convolutions without padding, the last token has one frame less. Repeats are
    dropped for the Levenshtein distance. Raises InputError naming file and line for an item whose utterance has no
    features or that extends past their end, and for features that do not suit the distance or have a different number
    of columns than the rest.
    """
    cuts = [_Cut(items, rows, side, scratch) for side in sides]
    for utterance, part in track(_by_utterance(items, rows), "reading features"):
        for cut in cuts:
            cut.add(utterance, part)
    return [cut.tokens() for cut in cuts]


class _Cut:
    """The frames of the items ``rows`` (N,) from one side, as far as its utterances have been read."""

    def __init__(self, items: Items, rows: Ints, side: Side, scratch: Scratch) -> None:
        self._items, self._rows, self._side, self._scratch = items, rows, side, scratch
        self._first, self._stop = (bound[rows] for bound in side.spans)
        self._lengths = self._stop - self._first
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._frames: Floats | None = None
        self._shape: tuple[int, ...] = ()

    def add(self, utterance: str, part: Ints) -> None:
        """Copy the frames of the items of an utterance, which are at ``part`` of the rows."""
        features, first, stop = self._side.features, self._first[part], self._stop[part]
        matrix = _read(self._items, features, utterance, int(self._rows[part[0]]))
        prepared = _prepared(matrix, self._side.distance, utterance, features)
        if self._frames is None:
            self._frames = self._scratch.empty((int(self._lengths.sum()), prepared.shape[1]), np.float64)
            self._shape = matrix.shape[1:]
        if matrix.shape[1:] != self._shape:
            raise InputError(f"{utterance!r} has another number of columns than the rest", _path(features))
        excess = stop - len(prepared)
        bad = (first >= len(prepared)) | (excess > 1)
        if bad.any():
            _complain(self._items, int(self._rows[part[np.argmax(bad)]]), len(prepared))
        self._lengths[part] -= np.maximum(excess, 0)
        length = self._lengths[part]
        self._frames[ranges(self._starts[part], length)] = prepared[ranges(first, length)]

    def tokens(self) -> Tokens:
        """Return the tokens once all utterances have been added."""
        frames = np.zeros((0, 0)) if self._frames is None else self._frames
        tokens = Tokens(frames, self._starts, self._lengths)
        return collapse(tokens) if self._frames is not None and self._side.distance == "levenshtein" else tokens


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
    if not len(rows):
        return []
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
