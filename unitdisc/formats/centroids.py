"""Centroids that another program made: a matrix (K, D) in an .npy, an .npz or a safetensors file, and no pickle."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from unitdisc.arrays import Matrix
from unitdisc.errors import InputError
from unitdisc.formats.numpy_files import Header, NpzFile, read_header, read_npy
from unitdisc.guard import foreign

most_numbers = 1 << 28  # of a codebook, 1 GB in float32: a larger one is no codebook
largest = 1e15  # of a centroid: the square of its distance must fit into float32
unreadable = "cannot be read as centroids"
numbers = {"float16": 2, "float32": 4, "float64": 8, "bfloat16": 2}
in_safetensors = {"F16": "float16", "F32": "float32", "F64": "float64", "BF16": "bfloat16"}
pickled = (".pkl", ".pickle", ".joblib", ".bin", ".km")
# A pickle of protocol 2 or later; what joblib compresses begins as zlib, gzip, bzip2, xz, lzma or LZ4 does.
pickle_starts = (
    b"\x80",
    b"x\x01",
    b"x\x5e",
    b"x\x9c",
    b"x\xda",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"]\0\0",
    b'\x04"M\x18',
)


def shape_of(path: Path, array: str | None = None) -> tuple[int, int]:
    """Return K and D of the centroids in a file, by its header alone; raises InputError as ``read_centroids`` does."""
    headers = _headers(path)
    if None in headers and array is not None:
        raise InputError(f"holds one array without a name, and array is {array!r}", path, fix="leave array out")
    return _checked(headers, _chosen(headers, array, path), path)


def read_centroids(path: Path, array: str | None = None) -> Matrix:
    """Read centroids (K, D) as float32; of several arrays the one named ``array``, or else the only one that fits.

    Raises InputError for a missing, damaged or unsuitable file, for one that would have to be unpickled, and for
    numbers that are not finite.
    """
    shape = shape_of(path, array)
    name = _chosen(_headers(path), array, path)
    array_in_file = _array(path, name)
    with np.errstate(over="ignore"):
        centroids = np.ascontiguousarray(array_in_file, dtype=np.float32)
    if centroids.shape != shape:
        raise InputError(f"holds {centroids.shape} where its header says {shape}", path)
    usable = (np.abs(centroids) < largest).all(axis=1)  # false for NaN, too
    if not usable.all():
        what = f"centroid {int(usable.argmin())} holds a number that is not finite, or above {largest:g}"
        raise InputError(what, path)
    return centroids


def _headers(path: Path) -> dict[str | None, Header]:
    """Return the headers of all arrays by name; an .npy has one, without a name."""
    match _kind(path):
        case "npy":
            with foreign(unreadable, path), path.open("rb") as file:
                return {None: read_header(file, path.stat().st_size)}
        case "npz":
            with NpzFile(path) as archive:
                if not archive:
                    raise InputError("cannot be read as centroids (this zip holds no arrays of NumPy)", path)
                return {name: archive.header(name) for name in archive}
    return dict(_safetensors_headers(path))


def _kind(path: Path) -> str:
    """Tell a format by how the file begins, whatever it is called."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror or error})", path) from None
    if not start:
        raise InputError("is empty", path)
    if start.startswith(npy.MAGIC_PREFIX):
        return "npy"
    if start.startswith(b"PK"):
        return "npz"
    if start[8:] == b"{":
        return "safetensors"
    if path.suffix.lower() in pickled or start.startswith(pickle_starts):
        convert = f"import joblib, numpy as np; np.save('centroids.npy', joblib.load({path.name!r}).cluster_centers_)"
        raise InputError(
            "is a pickle, which may run any program and is not read", path, fix=f"if you trust it: {convert}"
        )
    raise InputError("is no .npy, .npz or .safetensors file", path)


def _safetensors_headers(path: Path) -> Mapping[str | None, Header]:
    from safetensors import safe_open

    with foreign(unreadable, path), safe_open(path, framework="np") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        return {
            name: Header(in_safetensors.get(part.get_dtype(), part.get_dtype()), tuple(part.get_shape()))
            for name, part in slices.items()
        }


def _chosen(headers: Mapping[str | None, Header], array: str | None, path: Path) -> str | None:
    """Return the name of the array of centroids; raises InputError where it is missing or not the only one."""
    if None in headers:
        return None
    names = ", ".join(str(name) for name in headers)
    if array is not None:
        if array not in headers:
            raise InputError(f"has no array {array!r}", path, fix=f"it has {names}")
        return array
    matrices = [name for name, header in headers.items() if header.dtype in numbers and len(header.shape) == 2]
    if len(matrices) == 1 or len(headers) == 1:
        return (matrices or list(headers))[0]
    if not matrices:
        raise InputError(f"holds no matrix of floating-point numbers among its arrays: {names}", path)
    raise InputError("holds more than one matrix", path, fix=f"name one with array: {', '.join(map(str, matrices))}")


def _checked(headers: Mapping[str | None, Header], name: str | None, path: Path) -> tuple[int, int]:
    header = headers[name]
    what = "the array" if name is None else f"the array {name!r}"
    if header.dtype not in numbers:
        raise InputError(f"{what} holds {header.dtype}, and centroids are float16, float32 or float64", path)
    if len(header.shape) != 2 or not all(type(size) is int and size > 0 for size in header.shape):
        raise InputError(f"{what} has the shape {header.shape}, and centroids are a matrix (K, D)", path)
    if prod(header.shape) > most_numbers:
        raise InputError(f"{what} has the shape {header.shape}, too large for a codebook", path)
    rows, columns = header.shape
    return rows, columns


def _array(path: Path, name: str | None) -> Any:
    """Return an array whose header has been checked."""
    if name is None:
        return read_npy(path, unreadable)
    if _kind(path) == "npz":
        with NpzFile(path) as archive:
            return archive[name]
    from safetensors import safe_open

    with foreign(unreadable, path), safe_open(path, framework="pt") as file:  # NumPy has no bfloat16
        return file.get_tensor(name).float().numpy()
