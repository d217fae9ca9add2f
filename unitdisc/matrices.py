"""A matrix of somebody's Kaldi archive, and nothing else that kaldiio would read there: no pickle, no audio."""

import re
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError

types = (b"FM ", b"DM ", b"CM ", b"CM2", b"CM3")  # single, double, compressed


def read_matrix(source: str) -> NDArray[Any]:
    """Return the matrix (T, D) at ``archive:offset``, of which rows may be cut by a range in square brackets.

    Raises InputError for whatever is no binary Kaldi matrix, and FileNotFoundError.
    """
    found = re.fullmatch(r"(.*?)(?::(\d+))?(?:\[[^\[\]]*\])?", source, flags=re.DOTALL)
    path, offset = (found[1], int(found[2] or 0)) if found else (source, 0)
    with Path(path).open("rb") as archive:
        archive.seek(offset)
        start = archive.read(5)
    if start[:2] != b"\0B" or start[2:] not in types:
        raise InputError(f"{path} holds no Kaldi matrix at {offset}")
    try:
        matrix = np.asarray(kaldiio.load_mat(source))
    except Exception as error:  # kaldiio raises errors of many kinds for a broken archive
        raise InputError(f"{source} cannot be read ({error})") from None
    if matrix.ndim != 2:
        raise InputError(f"{source} is no matrix")
    return matrix
