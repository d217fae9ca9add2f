"""Matrices of untrusted Kaldi archives, and nothing else that kaldiio would read there: no pickle, no audio."""

import re
from pathlib import Path
from typing import IO, Any

import numpy as np
from kaldiio.matio import read_kaldi
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.guard import foreign

location = re.compile(r"(.*?)(?::([0-9]{1,18}))?(?:\[([0-9]{1,9}):([0-9]{1,9})\])?", flags=re.DOTALL)
# The bytes of a number, and of what a column has besides: single, double, compressed.
types = {b"FM ": (4, 0), b"DM ": (8, 0), b"CM ": (1, 8), b"CM2": (2, 0), b"CM3": (1, 0)}


def split_source(source: str) -> tuple[str, str]:
    """Return the archive of a matrix, and the rest of the text, its offset and rows."""
    match = location.fullmatch(source)
    return (match[1], source[match.end(1) :]) if match else (source, "")


def read_matrix(source: str) -> NDArray[Any]:
    """Return the matrix (T, D) at ``archive:offset``, or its rows ``[first:last]``, both inclusive as in Kaldi.

    Raises InputError for anything but a binary Kaldi matrix, and FileNotFoundError for a missing archive.
    """
    match = location.fullmatch(source)
    path, offset = (match[1], int(match[2] or 0)) if match else (source, 0)
    rows = (int(match[3]), int(match[4])) if match and match[4] else None
    with Path(path).open("rb") as archive:
        archive.seek(offset)
        start = archive.read(5)
        archive.seek(offset)
        # Checked and read through one open file: kaldiio would unpickle whatever opening the path again might return.
        if start[:2] != b"\0B" or start[2:] not in types:
            raise InputError(f"{path} holds no Kaldi matrix at {offset}")
        with foreign(f"{source} cannot be read"):
            _check_size(archive)
            archive.seek(offset)
            matrix = np.asarray(read_kaldi(archive))
    if matrix.ndim != 2:
        raise InputError(f"{source} is not a matrix")
    if rows is None:
        return matrix
    if not rows[0] <= rows[1] < len(matrix):
        raise InputError(f"{source} names rows that the matrix of {len(matrix)} does not have")
    return matrix[rows[0] : rows[1] + 1]


def _check_size(archive: IO[bytes]) -> None:
    """Raise ValueError where an archive ends before a matrix does whose mark begins here: no memory is asked for."""
    head = archive.read(22)
    width, beside = types[head[2:5]]
    # Of a compressed matrix, two floats precede the numbers of rows and columns; else a byte precedes each of these.
    places = {b"CM ": (13, 17), b"CM2": (14, 18), b"CM3": (14, 18)}.get(head[2:5], (6, 11))
    rows, columns = (int.from_bytes(head[place : place + 4], "little", signed=True) for place in places)
    left = archive.seek(0, 2)
    if rows < 0 or columns < 0 or columns * (width * rows + beside) > left:
        raise ValueError(f"it ends before the last of {rows} rows of {columns} numbers")
