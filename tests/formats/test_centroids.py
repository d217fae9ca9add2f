"""Centroids of other programs: every layout that holds the numbers gives them, and everything else is one line."""

import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import re
import zlib

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from tests.helpers.zips import zipped
from unitdisc.errors import InputError
from unitdisc.formats.centroids import read_centroids, shape_of

matrix = np.arange(12, dtype=np.float32).reshape(4, 3) / 8
types = st.sampled_from(["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
containers = st.sampled_from(["npy", "npz", "compressed", "safetensors"])


def written(folder, array, container="npy"):
    """Write an array into a file of a container; return its path."""
    path = folder / f"centroids.{'npz' if container == 'compressed' else container}"
    if container == "safetensors":
        save_file({"centroids": np.array(array, dtype=array.dtype.newbyteorder("="), order="C")}, path)
    else:
        save = {"npy": np.save, "npz": np.savez, "compressed": np.savez_compressed}[container]
        save(path, array)
    return path


def failure(path, array=None):
    """The one line of an unsuitable file, without its path; its header may be enough for the same line."""
    with pytest.raises(InputError) as error:
        read_centroids(path, array)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


@given(
    container=containers, fortran=st.booleans(), array=types.flatmap(
        lambda kind: arrays.arrays(kind, st.tuples(st.integers(1, 5), st.integers(1, 5)),
                                   elements={"min_value": -100, "max_value": 100}))
)  # fmt: skip
def test_every_layout_gives_the_numbers(tmp_path_factory, container, fortran, array):
    stored = np.asfortranarray(array) if fortran else array
    path = written(tmp_path_factory.mktemp("written"), stored, container)
    assert shape_of(path) == array.shape
    read = read_centroids(path)
    assert read.dtype == np.float32
    assert read.dtype.isnative
    assert read.flags.c_contiguous
    assert np.array_equal(read, array.astype(np.float32))


@given(data=st.binary(max_size=200), start=st.sampled_from(
    [b"", b"\x93NUMPY\1\0", b"\x93NUMPY\2\0", b"\x93NUMPY\3\0v\0{'descr'", b"PK\3\4", b"\x20\0\0\0\0\0\0\0{"]
))  # fmt: skip
def test_garbage_is_one_line(tmp_path_factory, data, start):
    path = tmp_path_factory.mktemp("garbage") / "centroids.npy"
    path.write_bytes(start + data)
    failure(path)


@given(container=containers, data=st.data())
def test_a_file_that_is_cut_or_damaged_is_one_line_or_still_a_matrix(tmp_path_factory, container, data):
    path = written(tmp_path_factory.mktemp("damaged"), matrix, container)
    raw = bytearray(path.read_bytes())
    cut = data.draw(st.integers(0, len(raw) - 1))
    path.write_bytes(raw[:cut])
    failure(path)
    raw[cut] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    with contextlib.suppress(InputError):
        assert read_centroids(path).ndim == 2


def test_a_file_is_known_by_its_contents_whatever_it_is_called(tmp_path):
    for container in ("npy", "npz", "safetensors"):
        other = written(tmp_path, matrix, container).rename(tmp_path / "km.bin")
        assert np.array_equal(read_centroids(other), matrix)


def test_bfloat16_is_read(tmp_path):
    path = tmp_path / "centroids.safetensors"
    save_tensors({"c": torch.from_numpy(matrix).bfloat16()}, path)
    assert shape_of(path) == (4, 3)
    assert np.array_equal(read_centroids(path), matrix)  # eighths are exact


@pytest.mark.parametrize("container", ["npz", "safetensors"])
def test_of_several_arrays_one_is_chosen_by_name_or_as_the_only_matrix(tmp_path, container):
    path = tmp_path / f"centroids.{container}"

    def save(**named):
        save_file(named, path) if container == "safetensors" else np.savez(path, **named)

    save(inertia=np.ones(1), counts=np.ones((4, 3), dtype=np.int64), centres=matrix)
    assert np.array_equal(read_centroids(path), matrix)
    assert re.search("holds (int64|I64), and centroids are float16, float32 or float64", failure(path, "counts"))
    assert "has the shape (1,), and centroids are a matrix (K, D)" in failure(path, "inertia")
    line = failure(path, "centers")
    assert line.startswith("has no array 'centers'; it has ")
    assert set(line.partition("it has ")[2].split(", ")) == {"inertia", "counts", "centres"}
    save(first=matrix, second=matrix[:2])
    assert failure(path) == "holds more than one matrix; name one with array: first, second"
    assert shape_of(path, "second") == (2, 3)
    assert np.array_equal(read_centroids(path, "second"), matrix[:2])
    save(a=np.ones(3), b=np.ones((1, 2, 3)))
    assert failure(path).startswith("holds no matrix of floating-point numbers among its arrays: ")


def test_an_npy_has_no_name_to_choose_by(tmp_path):
    assert (
        failure(written(tmp_path, matrix), "c") == "holds one array without a name, and array is 'c'; leave array out"
    )


@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (4, 0), (2, 3, 4)])
@pytest.mark.parametrize("container", ["npy", "npz", "safetensors"])
def test_what_is_no_matrix_is_refused(tmp_path, shape, container):
    line = failure(written(tmp_path, np.ones(shape), container))
    assert line.endswith(f"has the shape {shape}, and centroids are a matrix (K, D)")


@pytest.mark.parametrize("dtype", ["i8", "u1", "?", "c8", "U3", "M8[s]", "g"])
def test_what_is_no_floating_point_number_is_refused(tmp_path, dtype):
    array = np.zeros((2, 3), dtype=dtype)
    line = failure(written(tmp_path, array))
    assert line == f"the array holds {array.dtype.name}, and centroids are float16, float32 or float64"


def test_objects_are_refused_and_none_is_made(tmp_path):
    class Trap:
        def __reduce__(self):
            return exec, ("raise SystemExit('unpickled')",)

    array = np.array([[Trap()]], dtype=object)
    for container in ("npy", "npz"):
        assert "holds object, and centroids are" in failure(written(tmp_path, array, container))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_number_that_is_not_finite_is_told_with_its_centroid(tmp_path, value):
    wide = matrix.astype(np.float64)
    wide[2, 1] = value
    assert failure(written(tmp_path, wide)) == "centroid 2 holds a number that is not finite, or above 1e+15"


def compressed(name):
    buffer = io.BytesIO()
    joblib.dump(matrix, buffer, compress=(name, 3))
    return buffer.getvalue()


pickles = {
    "pickle 2": pickle.dumps(matrix, protocol=2),
    "pickle 5": pickle.dumps(matrix, protocol=5),
    "zlib": zlib.compress(pickle.dumps(matrix)),
    "gzip": gzip.compress(pickle.dumps(matrix)),
    "bz2": bz2.compress(pickle.dumps(matrix)),
    "xz": lzma.compress(pickle.dumps(matrix)),
    "joblib lzma": compressed("lzma"),
    "joblib zlib": compressed("zlib"),
}


@pytest.mark.parametrize("name", ["km.npy", "km.bin"])
@pytest.mark.parametrize("content", pickles.values(), ids=pickles)
def test_a_pickle_is_refused_with_the_line_that_converts_it(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    assert failure(path) == (
        "is a pickle, which may run any program and is not read; if you trust it: import joblib, numpy as np; "
        f"np.save('centroids.npy', joblib.load('{name}').cluster_centers_)"
    )


@pytest.mark.parametrize("name", ["km.pkl", "km.joblib", "km.bin", "km.km"])
def test_the_oldest_pickles_are_known_by_their_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps([1.0], protocol=0))
    assert failure(path).startswith("is a pickle, ")


def test_other_files_are_told(tmp_path):
    path = tmp_path / "centroids.npy"
    assert failure(path) == "no such file"
    path.write_bytes(b"")
    assert failure(path) == "is empty"
    path.write_text("0.1 0.2\n")
    assert failure(path) == "is no .npy, .npz or .safetensors file"
    path.write_bytes(zipped({"archive/data.pkl": b"\x80\2."}))
    assert failure(path) == "cannot be read as centroids (this zip holds no arrays of NumPy)"
    assert failure(tmp_path).startswith("cannot be opened (")


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    path = tmp_path / "centroids.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 20)}
        )
    assert "it ends before the last of" in failure(path)
