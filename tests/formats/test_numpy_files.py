"""Arrays of NumPy from other people: read as they are, and nothing that costs more memory than the file deserves."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.helpers.zips import zipped
from unitdisc.errors import InputError
from unitdisc.formats.numpy_files import Header, NpzFile, read_npy


def npy(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@given(
    arrays.arrays(st.sampled_from(["f4", ">i8", "?", "U3"]), arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)
@settings(deadline=None)
def test_arrays_come_back(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("arrays")
    np.save(folder / "a.npy", array)
    np.savez_compressed(folder / "a.npz", x=array, y=np.arange(3))
    np.testing.assert_array_equal(read_npy(folder / "a.npy"), array)
    with NpzFile(folder / "a.npz") as archive:
        assert list(archive) == ["x", "y"]
        assert archive.header("x") == Header(array.dtype.name, array.shape)
        np.testing.assert_array_equal(archive["x"], array)


def test_a_pickle_is_not_read(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy(np.array([{}], dtype=object)))
    with pytest.raises(InputError, match=r"a\.npy: cannot be read \(Object arrays cannot be loaded"):
        read_npy(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(pickle.dumps(list(range(99))))
    with pytest.raises(InputError, match=r"b\.npy: cannot be read \(the magic string"):
        read_npy(tmp_path / "b.npy")


@pytest.mark.parametrize("shape", [(2**36,), (2**62, 2**62), (-1, 5)])
def test_numbers_that_are_not_there_are_told(tmp_path, shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    (tmp_path / "a.npy").write_bytes(file.getvalue())
    (tmp_path / "a.npz").write_bytes(zipped({"a.npy": file.getvalue()}))
    with pytest.raises(InputError, match=r"a\.npy: cannot be read \(it ends before the last of"):
        read_npy(tmp_path / "a.npy")
    with NpzFile(tmp_path / "a.npz") as archive, pytest.raises(InputError, match="it ends before the last of"):
        archive["a"]


def test_an_array_that_compresses_well_is_read_and_one_that_grows_without_measure_is_not(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", small=np.zeros(1 << 20), large=np.zeros(10 << 20))
    with NpzFile(tmp_path / "a.npz") as archive:
        assert archive["small"].sum() == 0
        with pytest.raises(InputError, match=r"a\.npz: the array 'large' cannot be read \(it would grow from \d+ to"):
            archive["large"]
    np.savez(tmp_path / "b.npz", large=np.zeros(10 << 20))  # as the line says
    with NpzFile(tmp_path / "b.npz") as archive:
        assert archive["large"].shape == (10 << 20,)
