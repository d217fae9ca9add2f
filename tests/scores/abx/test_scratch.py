"""Large arrays: in memory up to the limit, in files beyond it, and one line where these do not fit."""

import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from unitdisc.errors import InputError
from unitdisc.scores.abx.scratch import Scratch


def test_arrays_beyond_the_limit_lie_in_files_that_nobody_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch = Scratch(100)
    inside, outside = (scratch.empty((10,), np.float64) for _ in range(2))
    assert scratch.left == 20
    inside[:], outside[:] = 1, 2
    assert (inside.sum(), outside.sum()) == (10, 20)
    assert not list(tmp_path.iterdir())
    assert scratch.empty((0, 3), np.int64).shape == (0, 3)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve blocks")
def test_the_blocks_of_a_file_are_reserved(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.statvfs(tmp_path).f_bavail
    array = Scratch(0).empty((20_000_000,), np.uint8)
    assert (before - os.statvfs(tmp_path).f_bavail) * os.statvfs(tmp_path).f_frsize > 10_000_000
    del array


limited = """
import resource, sys
import numpy as np
from unitdisc.errors import InputError
from unitdisc.scores.abx.scratch import Scratch
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    Scratch(0).empty((10_000_000,), np.float64)[:] = 1
except InputError as error:
    print(error)
"""


def test_a_file_above_the_limit_of_the_system_is_one_line(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", limited], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(f"{tmp_path}: has no room for a temporary file of 80 MB (File too large)")
    assert "TMPDIR" in found.stdout
    assert "--memory" in found.stdout


@pytest.fixture
def full_folder(tmp_path):
    """Mount a file system of one megabyte."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a file system needs root")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_is_one_line(full_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(full_folder))
    with pytest.raises(
        InputError, match=r"has no room for a temporary file of 8 MB \(No space left on device\).*TMPDIR"
    ):
        Scratch(0).empty((1_000_000,), np.float64)
    (full_folder / "all").write_bytes(bytes(1 << 20))
    with pytest.raises(InputError, match="has no room"):
        Scratch(0).empty((1000,), np.float64)


def test_no_folder_for_temporary_files_is_one_line(tmp_path, monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(InputError, match="no folder for temporary files can be written to"):
        Scratch(0).empty((1000,), np.float64)
