"""The binary version of CIFAR-10: labels and pixels of its records, and what a damaged or other archive says."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.cifar import archive, batch, members, names, picture, unpacked
from unitdisc.errors import InputError
from unitdisc.formats import cifar
from unitdisc.formats.cifar import pixels, read_batches, records

files = members(count=2)


def test_a_record_is_a_label_and_three_planes():
    found = records(batch(7, 3), "a.bin")
    assert found[:, 0].tolist() == [7, 8, 9]
    assert all((pixels(found[n]) == picture(7 + n)).all() for n in range(3))


@pytest.mark.parametrize(("put", "mark"), [(archive, "#"), (unpacked, "/")])
def test_all_batches_are_found_in_an_archive_or_folder(tmp_path, put, mark):
    root = put(tmp_path, files)
    found = read_batches(root)
    assert found.classes == tuple(names)
    assert set(found.by_name) == {*cifar.training, cifar.test}
    for number, name in enumerate((*cifar.training, cifar.test)):
        assert found.by_name[name].labels.tolist() == [100 * number % 10, (100 * number + 1) % 10]
        assert found.by_name[name].location == f"{root}{mark}cifar-10-batches-bin/{name}"


def test_a_folder_of_the_batches_themselves_is_one_too(tmp_path):
    unpacked(tmp_path, files)
    assert len(read_batches(tmp_path / "cifar-10-batches-bin").by_name) == 6


@pytest.mark.parametrize("put", [archive, unpacked])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_batch_3.bin": None}, "lacks data_batch_3.bin; download cifar-10-binary.tar.gz again"),
        ({"data_batch_3.bin": None, "test_batch.bin": None}, "lacks data_batch_3.bin, test_batch.bin"),
        ({"data_batch_3.bin": files["data_batch_3.bin"][:-1]},
         r"data_batch_3\.bin: its 6,145 bytes end in record 1 \(from 0\), and each has 3,073 bytes"),
        ({"data_batch_3.bin": files["data_batch_3.bin"][:3073]},
         r"data_batch_3\.bin: has 1 records, and data_batch_1\.bin has 2"),
        ({"test_batch.bin": b""}, r"test_batch\.bin: its 0 bytes end in record 0"),
        ({"test_batch": b"\x80\x04"}, "is the Python version of CIFAR-10, whose pickles are not opened; get the binary version"),
        (dict.fromkeys(files, None), "holds no batches of CIFAR-10; get the binary version"),
        ({"batches.meta.txt": b"cat\ndog\ncat\n"}, r"batches\.meta\.txt:3: 'cat' is no name of a class, or of two"),
        ({"batches.meta.txt": b"cat\n\ndog\n"}, r"batches\.meta\.txt:2: '' is no name of a class"),
        ({"batches.meta.txt": b"\xff"}, r"batches\.meta\.txt: is not a UTF-8 text file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(tmp_path, put, changes, message):
    kept = {name: data for name, data in (files | changes).items() if data is not None}
    with pytest.raises(InputError, match=message) as error:
        read_batches(put(tmp_path, kept or {"readme.html": b""}))
    assert "\n" not in str(error.value)


def test_nothing_of_the_python_version_is_read(tmp_path):
    path = archive(tmp_path, {"data_batch_1": b"cos\nsystem\n(S'touch evil'\ntR."}, top="cifar-10-batches-py/")
    with pytest.raises(InputError, match="is the Python version"):
        read_batches(path)


def test_two_batches_of_a_name_and_paths_that_lead_out(tmp_path):
    twice = files | {"more/data_batch_1.bin": files["data_batch_1.bin"]}
    with pytest.raises(InputError, match=r"more/data_batch_1\.bin: is in the archive twice"):
        read_batches(archive(tmp_path, twice))
    with pytest.raises(InputError, match="leads out of the corpus"):
        read_batches(archive(tmp_path, files, top="../../"))


def test_a_file_larger_than_any_batch_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "most_at_once", 3072)
    with pytest.raises(InputError, match="has 6,146 bytes, more than any batch"):
        read_batches(unpacked(tmp_path, files))


@given(st.binary(max_size=4 * 3073))
def test_any_bytes_are_records_or_one_line(data):
    if data and len(data) % 3073 == 0:
        found = records(data, "a.bin")
        assert found.tobytes() == data
        assert pixels(found[0]).shape == (32, 32, 3)
    else:
        with pytest.raises(InputError, match=r"a\.bin: its .* bytes end in record"):
            records(data, "a.bin")


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_every_value_of_a_record_has_one_place(count, seed):
    data = np.random.default_rng(seed).integers(0, 256, 3073 * count, dtype=np.uint8).tobytes()
    for number, record in enumerate(records(data, "a.bin")):
        image = pixels(record)
        at = (seed % 32, seed // 32 % 32, seed % 3)
        assert image[at] == data[3073 * number + 1 + 1024 * at[2] + 32 * at[0] + at[1]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(0, 2**31), st.integers(0, 255))
def test_a_damaged_archive_gives_batches_or_one_line(tmp_path, place, value):
    path = archive(tmp_path, members_of_one)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    try:
        found = set(read_batches(path).by_name)
    except InputError as error:
        found = set() if "\n" in str(error) else {*cifar.training, cifar.test}
    assert found == {*cifar.training, cifar.test}


members_of_one = members(count=1)
