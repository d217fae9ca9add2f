"""Matrices of untrusted Kaldi archives, and nothing else that kaldiio would read there: no pickle, no audio."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from kaldiio.matio import read_kaldi
from numpy.typing import NDArray

from unitdisc.errors import InputError

location = re.compile(r"(.*?)(?::([0-9]+))?(?:\[([0-9]+):([0-9]+)\])?", flags=re.DOTALL)
types = (b"FM ", b"DM ", b"CM ", b"CM2", b"CM3")  # single, double, compressed


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
        try:
            matrix = np.asarray(read_kaldi(archive))
        except Exception as error:  # kaldiio raises many kinds of errors for a broken archive
            raise InputError(f"{source} cannot be read ({error})") from None
    if matrix.ndim != 2:
        raise InputError(f"{source} is not a matrix")
    if rows is None:
        return matrix
    if not rows[0] <= rows[1] < len(matrix):
        raise InputError(f"{source} names rows that the matrix of {len(matrix)} does not have")
    return matrix[rows[0] : rows[1] + 1]
