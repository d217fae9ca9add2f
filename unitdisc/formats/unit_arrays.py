"""Units in binary arrays: our .npz, arrays by name, folders of .npy, and Kaldi archives of integer vectors."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import shift_in_file
from unitdisc.formats.kaldi_matrix import read_matrix
from unitdisc.formats.kaldi_table import locate, read_index
from unitdisc.formats.numpy_files import NpzFile, read_npy
from unitdisc.formats.unit_runs import UnitRuns, checked, names_of, with_durations
from unitdisc.guard import reason
from unitdisc.tokens import read_grid

own_arrays = {"utterances", "frame_shifts", "offsets", "units"}  # of our .npz; others may follow
exact = 1 << 24  # whole numbers below it are exact in 32 bits
vector = struct.Struct("<3si")  # the start of a binary vector of integers in a Kaldi archive: \0B\4, its length


def is_own_npz(archive: Mapping[str, Any]) -> bool:
    """Tell whether an .npz is our export of units, not arrays by utterance."""
    return own_arrays <= set(archive)


def read_unit_npz(path: Path) -> list[UnitRuns]:
    """Read our .npz of units, or an .npz of one array of units per utterance (frame_shift may be one more).

    Raises InputError naming the file.
    """
    with NpzFile(path) as archive:
        arrays = {name: archive[name] for name in archive if name != "codebook"}
    if is_own_npz(arrays):
        return _own(arrays, path)
    shift = _shift(arrays.pop("frame_shift", None), path)
    return [UnitRuns(name, checked(units, name, path), frame_shift=shift) for name, units in arrays.items()]


def read_unit_npy(files: list[Path], path: Path) -> list[UnitRuns]:
    """Read .npy files of units (T,) or (T, G), one per utterance, named after the file.

    Raises InputError naming the file.
    """
    runs = []
    for name, file in zip(names_of(files, path), files, strict=True):
        units = read_npy(file)
        runs.append(UnitRuns(name, checked(np.squeeze(units) if units.size > 1 else units.ravel(), name, file)))
    return runs


def is_integer_index(scp: Path) -> bool:
    """Tell whether the first entry of a Kaldi index is a vector of integers."""
    for entry in read_index(scp).values():
        try:
            with locate(entry.archive, scp).open("rb") as archive:
                archive.seek(entry.offset)
                return archive.read(3) == b"\0B\4"
        except (OSError, OverflowError):
            return False
    return False


def read_unit_archive(scp: Path) -> list[UnitRuns]:
    """Read the integer vectors of a Kaldi archive by their index, or matrices (T, G) of whole numbers.

    Raises InputError naming the index and the line.
    """
    runs = []
    for name, entry in read_index(scp).items():
        file = locate(entry.archive, scp)
        try:
            with file.open("rb") as archive:
                archive.seek(entry.offset)
                head = archive.read(vector.size)
                magic, length = vector.unpack(head) if len(head) == vector.size else (b"", 0)
                left = file.stat().st_size - archive.tell()
                body = archive.read(min(5 * max(length, 0), max(left, 0)))
            matrix = read_matrix(f"{file}:{entry.offset}") if magic in (b"\0BF", b"\0BD") else None
        except FileNotFoundError:
            raise InputError(f"there is no archive {file}", scp, entry.line) from None
        except InputError as error:
            raise InputError(str(error), scp, entry.line) from None
        except (OSError, OverflowError) as error:
            raise InputError(f"{file} cannot be read ({reason(error)})", scp, entry.line) from None
        if magic != b"\0B\4" and matrix is None:
            raise InputError(f"{file} holds no vector of integers at {entry.offset}", scp, entry.line)
        units = _integers(body, length, scp, entry.line) if matrix is None else _whole(matrix)
        runs.append(UnitRuns(name, checked(units, name, scp, entry.line), entry.line))
    return runs


def _whole(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix of floats as whole numbers, if they are."""
    whole = bool((np.abs(matrix) < exact).all() and (matrix == np.rint(matrix)).all())
    return matrix.astype(np.int64) if whole else matrix


def _integers(body: bytes, length: int, scp: Path, line: int) -> Ints:
    """Return the integers (length,), each of which follows a byte with its size, 4."""
    if len(body) != 5 * length:
        raise InputError(f"the archive ends within a vector of {length} integers", scp, line)
    cells = np.frombuffer(body, dtype=[("size", "i1"), ("value", "<i4")])
    return cells["value"].astype(np.int64)


def _own(arrays: Mapping[str, NDArray[Any]], path: Path) -> list[UnitRuns]:
    names, shifts, offsets, units = (arrays[key] for key in ("utterances", "frame_shifts", "offsets", "units"))
    durations = arrays.get("durations", np.ones(units.shape[:1]))
    grids = arrays.get("grids", np.zeros((*names.shape, 2), dtype=np.int64))
    consistent = names.ndim == shifts.ndim == offsets.ndim == 1 <= units.ndim and len(offsets) == len(names) + 1
    consistent = consistent and len(shifts) == len(names) and durations.shape == units.shape[:1]
    consistent = consistent and grids.shape == (len(names), 2)
    if not consistent or offsets[0] != 0 or offsets[-1] != len(units) or (np.diff(offsets) < 0).any():
        raise InputError("its utterances, frame_shifts, offsets, units and durations do not fit together", path)
    whole, runs = checked(units, "all utterances", path), []
    for u, name in enumerate(names.tolist()):
        own = slice(int(offsets[u]), int(offsets[u + 1]))
        grid = read_grid(grids[u], str(name), path, None) if grids[u].any() else None
        each = UnitRuns(str(name), whole[own], frame_shift=shift_in_file(shifts[u].item(), path), grid=grid)
        runs.append(with_durations(each, durations[own].astype(np.float64), path))
    return runs


def _shift(value: NDArray[Any] | None, path: Path) -> Fraction | None:
    return None if value is None else shift_in_file(value.item() if value.size == 1 else value, path)
