"""Working folders: one owner, nothing half-deleted, nothing left."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time

import pytest

from tests.helpers.pipeline import environment
from unitdisc import workspace
from unitdisc.errors import InputError
from unitdisc.workspace import discard, working_folder


def test_what_is_finished_stays_for_the_next_attempt(tmp_path):
    out = tmp_path / "x.ark"
    with pytest.raises(KeyboardInterrupt), working_folder(out, "a", finished="*.scp") as work:
        (work / "0.scp").touch()
        (work / ".1.ark.half").touch()
        raise KeyboardInterrupt
    with pytest.raises(InputError), working_folder(out, "a", finished="*.scp") as work:
        assert [path.name for path in work.iterdir()] == ["0.scp"]  # and nothing of killed processes
        raise InputError("a bad file")
    with pytest.raises(InputError), working_folder(out, "b", finished="*.scp") as work:
        assert [path.name for path in work.parent.iterdir() if path.is_dir()] == ["b"]
        raise InputError("a bad file")
    assert not list(tmp_path.iterdir())


def test_one_process_at_a_time_and_then_the_next(tmp_path):
    out = tmp_path / "x.ark"
    with working_folder(out, "a", finished="*"):
        for digest in "ab":
            with (
                pytest.raises(InputError, match=r"x\.ark: is being written by another process; wait for it"),
                working_folder(out, digest, finished="*"),
            ):
                pass
        with working_folder(tmp_path / "y.ark", "a", finished="*"):
            pass
    with working_folder(out, "a", finished="*"):
        pass
    assert not list(tmp_path.iterdir())


def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path):
    code = "import sys, time; from pathlib import Path; from unitdisc.workspace import working_folder\n"
    code += f"with working_folder(Path({str(tmp_path / 'x')!r}), 'a', finished='*'): print(); time.sleep(60)"
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(InputError), working_folder(tmp_path / "x", "a", finished="*"):
            pass
        process.kill()
    with working_folder(tmp_path / "x", "a", finished="*"):
        pass
    assert not list(tmp_path.iterdir())


def busily(out, seconds):
    """Own a folder again and again, and say how often, and that it was never shared."""
    end, owned = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            with working_folder(out, "a", finished="*") as work:
                (work / "owner").open("x").close()  # fails where another is here
                assert len(list(work.iterdir())) == 1
                (work / "owner").unlink()
                owned += 1
        except InputError:
            pass
    return owned


def test_processes_that_race_for_a_folder_never_share_it(tmp_path):
    with multiprocessing.get_context("forkserver").Pool(3) as pool:
        counts = pool.starmap(busily, [(tmp_path / "x", 1.5)] * 3)
    assert min(counts) > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("after", range(3))
def test_an_interrupted_deletion_leaves_no_half_of_a_work(tmp_path, monkeypatch, after):
    work = tmp_path / "work"
    work.mkdir()
    for name in ("0.ark", "0.scp"):
        (work / name).touch()

    def interrupted(folder):
        for path in sorted(folder.iterdir())[:after]:
            path.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(workspace.shutil, "rmtree", interrupted)
        discard(work)
    assert not work.exists()
    with working_folder(tmp_path / "x", "a", finished="*"):
        pass
    shutil.rmtree(next(tmp_path.iterdir()))


def test_what_an_interrupted_deletion_left_is_cleared_by_the_next_owner(tmp_path):
    left = tmp_path / ".x.work" / "gone-abc"
    left.mkdir(parents=True)
    (left / "0.scp").touch()
    with working_folder(tmp_path / "x", "a", finished="*") as work:
        assert not left.exists()
        assert not list(work.iterdir())


def test_a_system_without_locks_is_no_obstacle(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(os.strerror(38))

    monkeypatch.setattr(workspace.fcntl, "flock", none)
    with working_folder(tmp_path / "x", "a", finished="*"), working_folder(tmp_path / "x", "a", finished="*"):
        pass
