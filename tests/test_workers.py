"""Processes that share a work: they end together, and a killed one ends in one line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.pipeline import environment
from unitdisc.errors import InputError
from unitdisc.workers import workers


def killed(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_one_line():
    what = (
        r"one of 2 processes was ended from outside, most likely for lack of memory; give the same command again, with"
    )
    with pytest.raises(InputError, match=what), workers(2) as pool:
        list(pool.map(killed, range(4)))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_processes_end_with_the_one_that_started_them(tmp_path, number, code):
    text = """
import os, sys, time
from pathlib import Path
from signal import SIGINT, SIGTERM, default_int_handler, signal
from unitdisc.signals import end_on
from unitdisc.workers import workers

def work(n):
    Path(f"{n}.pid").write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    end_on(SIGTERM)
    signal(SIGINT, default_int_handler)  # a shell has its background jobs ignore it
    try:
        with workers(2) as pool:
            list(pool.map(work, range(6)))
    except KeyboardInterrupt:
        sys.exit(130)
"""
    (tmp_path / "many.py").write_text(text)
    process = subprocess.Popen([sys.executable, "many.py"], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE)
    while len(list(tmp_path.glob("*.pid"))) < 2:
        time.sleep(0.05)
    time.sleep(0.1)
    pids = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    process.send_signal(number)
    told = process.communicate(timeout=30)[1]
    assert process.returncode == code, told
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.1)
    pytest.fail("a process goes on alone")
