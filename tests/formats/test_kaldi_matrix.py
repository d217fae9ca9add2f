"""Matrices of Kaldi archives: every kind that holds one is read, and nothing else."""

import pickle

import kaldiio
import numpy as np
import pytest

from unitdisc.errors import InputError
from unitdisc.formats.kaldi_matrix import read_matrix


def test_rows_of_a_matrix_are_cut_as_kaldi_cuts_them(tmp_path):
    matrix = np.arange(20, dtype=np.float32).reshape(10, 2)
    kaldiio.save_ark(str(tmp_path / "feats.ark"), {"a": matrix}, scp=str(tmp_path / "feats.scp"))
    place = (tmp_path / "feats.scp").read_text().split()[1]
    np.testing.assert_array_equal(read_matrix(f"{place}[2:4]"), matrix[2:5])
    with pytest.raises(InputError, match="names rows that the matrix of 10 does not have"):
        read_matrix(f"{place}[2:10]")
    with pytest.raises(InputError, match="names rows that the matrix of 10 does not have"):
        read_matrix(f"{place}[4:2]")


matrix = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_matrices_of_either_precision_are_read_as_they_are(tmp_path, kind):
    kaldiio.save_mat(str(tmp_path / "a.mat"), matrix.astype(kind))
    found = read_matrix(str(tmp_path / "a.mat"))
    assert found.dtype == kind
    np.testing.assert_array_equal(found, matrix.astype(kind))


@pytest.mark.parametrize("method", [1, 2, 3, 5, 7])
def test_compressed_matrices_are_read_as_kaldiio_reads_them(tmp_path, method):
    kaldiio.save_ark(str(tmp_path / "a.ark"), {"u": matrix}, compression_method=method)
    found = read_matrix(f"{tmp_path / 'a.ark'}:2")
    np.testing.assert_array_equal(found, kaldiio.load_mat(f"{tmp_path / 'a.ark'}:2"))
    assert found.shape == matrix.shape


def test_an_offset_may_be_left_out_and_a_name_may_hold_a_colon(tmp_path):
    (tmp_path / "a:b").mkdir()
    kaldiio.save_mat(str(tmp_path / "x.mat"), matrix)
    (tmp_path / "x.mat").rename(tmp_path / "a:b" / "x.mat")
    for source in (f"{tmp_path}/a:b/x.mat", f"{tmp_path}/a:b/x.mat:0", f"{tmp_path}/a:b/x.mat[0:29]"):
        np.testing.assert_array_equal(read_matrix(source), matrix)


class Trap:
    def __reduce__(self):
        return print, ("a pickle was loaded",)


def test_what_is_looked_at_is_what_is_read(tmp_path, capsys):
    """kaldiio would find another file behind these names."""
    kaldiio.save_mat(str(tmp_path / "x.ark: 5"), matrix)
    (tmp_path / "x.ark").write_bytes(b"aaaaaPKL" + pickle.dumps(Trap()))
    np.testing.assert_array_equal(read_matrix(f"{tmp_path}/x.ark: 5"), matrix)
    (tmp_path / "y.ark:0[z]").write_bytes(b"PKL" + pickle.dumps(Trap()))
    kaldiio.save_mat(str(tmp_path / "y.ark"), matrix)
    with pytest.raises(InputError, match="holds no Kaldi matrix"):
        read_matrix(f"{tmp_path}/y.ark:0[z]")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0B",
        b"u  [\n  1 2 ]\n",
        b"\0BFV \x04\x02\0\0\0" + bytes(8),
        b"\0B\x04\x02\0\0\0" + bytes(10),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"PKL" + pickle.dumps(Trap()),
        b"\x93NUMPY\x01\0",
    ],
    ids=["nothing", "no kind", "text", "vector", "integers", "audio", "pickle", "numpy"],
)
def test_anything_but_a_binary_matrix_is_refused(tmp_path, content, capsys):
    (tmp_path / "a.ark").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.ark holds no Kaldi matrix at 0"):
        read_matrix(str(tmp_path / "a.ark"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kept", [5, 9, 14, 15, 100, 494])
def test_a_truncated_matrix_is_refused(tmp_path, kept):
    kaldiio.save_mat(str(tmp_path / "a.mat"), matrix)
    whole = (tmp_path / "a.mat").read_bytes()
    assert len(whole) == 495
    (tmp_path / "a.mat").write_bytes(whole[:kept])
    with pytest.raises(InputError, match=r"a\.mat cannot be read"):
        read_matrix(str(tmp_path / "a.mat"))


def test_an_offset_past_the_end_and_a_missing_archive_are_told(tmp_path):
    kaldiio.save_mat(str(tmp_path / "a.mat"), matrix)
    with pytest.raises(InputError, match=r"a\.mat holds no Kaldi matrix at 1000"):
        read_matrix(f"{tmp_path / 'a.mat'}:1000")
    with pytest.raises(FileNotFoundError):
        read_matrix(f"{tmp_path / 'gone.mat'}:0")
