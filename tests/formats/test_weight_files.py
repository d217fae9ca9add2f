"""Files of weights: tensors by name, and one line for everything else that a file may be."""

import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save, save_file

from unitdisc.errors import InputError
from unitdisc.formats.weight_files import read_weights

weights = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth", "pytorch_model.bin"])
def test_weights_are_read_as_they_were_saved(tmp_path, name):
    (save_file if name.endswith("safetensors") else torch.save)(weights, tmp_path / name)
    found = read_weights(tmp_path / name)
    assert list(found) == list(weights)
    for key, tensor in weights.items():
        assert found[key].dtype == tensor.dtype
        torch.testing.assert_close(found[key], tensor)


def test_the_old_format_of_torch_is_read(tmp_path):
    torch.save(weights, tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    torch.testing.assert_close(read_weights(tmp_path / "w.pt")["a.weight"], weights["a.weight"])


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("save_", [torch.save, lambda what, path: path.write_bytes(pickle.dumps(what))])
def test_code_in_a_pickle_is_not_run(tmp_path, save_):
    save_({"a": Evil(tmp_path / "made")}, tmp_path / "w.pt")
    with pytest.raises(InputError, match=r"w\.pt: does not hold tensors alone, and pickled code is never run; save"):
        read_weights(tmp_path / "w.pt")
    assert not (tmp_path / "made").exists()


def repeated():
    return torch.zeros(1, 1).expand(2**20, 2**20)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "holds no weights by name"),
        ({}, "holds no weights by name"),
        (torch.ones(3), "holds no weights by name"),
        ({"a": 5}, "holds 'a', which is no plain tensor"),
        ({"model": {"a": torch.ones(2)}}, "holds 'model', which is no plain tensor"),
        ({3: torch.ones(2)}, "holds 3, which is no plain tensor"),
        ({"a": torch.eye(3).to_sparse()}, "holds 'a', which is no plain tensor"),
        ({"a": torch.ones(3, device="meta")}, "holds 'a', which is no plain tensor"),
        ({"a": repeated()}, "holds 'a', which is no plain tensor"),
    ],
)
def test_what_is_no_table_of_tensors_is_told(tmp_path, content, message):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(InputError, match=rf"w\.pt: {message}"):
        read_weights(tmp_path / "w.pt")


def test_a_missing_file_is_told(tmp_path):
    for name in ("w.pt", "w.safetensors"):
        with pytest.raises(InputError, match=rf"{name}: no such file"):
            read_weights(tmp_path / name)


def read_or_told(path):
    """The weights, or None where one line tells what is wrong with the file."""
    try:
        return read_weights(path)
    except InputError as error:
        told = str(error)
    assert told.startswith(f"{path}: ")
    assert "\n" not in told
    return None


whole = save(weights)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(whole) - 1), st.booleans(), st.integers(0, 255))
def test_a_damaged_file_is_told_or_read(tmp_path_factory, place, cut, byte):
    folder = tmp_path_factory.mktemp("damaged")
    damaged = whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :]
    for name in ("w.safetensors", "w.pt"):
        (folder / name).write_bytes(damaged)
        if (found := read_or_told(folder / name)) is not None:
            assert not cut
            assert all(isinstance(tensor.numpy(), np.ndarray) for tensor in found.values())


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_damaged_file_of_torch_is_told_or_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "w.pt"
    torch.save(weights, path)
    good = path.read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    path.write_bytes(good[:place] if data.draw(st.booleans()) else good[:place] + b"\xff" + good[place + 1 :])
    read_or_told(path)
