"""The Slurm for tests: it says what is missing, and leaves nothing behind."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.pipeline import environment
from tests.helpers.places import repository
from tests.slurm.cluster import Cluster

command = [sys.executable, "-m", "tests.slurm.cluster"]


def test_what_is_missing_is_said_in_one_line(tmp_path):
    variables = environment() | {"PATH": str(tmp_path)}
    done = subprocess.run([*command, "--check"], cwd=repository, env=variables, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"there is no .*sbatch.* here; as root: apt-get install .*slurm-wlm.*\n", done.stderr)


def named(words):
    """The processes that have words in their command."""
    commands = (path for path in Path("/proc").glob("[0-9]*/cmdline"))
    return [path.parent.name for path in commands if path.exists() and words in path.read_text().replace("\0", " ")]


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.parametrize("end", ["input", "terminate"])
def test_nothing_is_left(tmp_path, end):
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        cluster = Cluster(Path(re.search(r"SLURM_CONF=(\S+)/slurm\.conf", process.stdout.readline())[1]))
        # A job whose child leaves the session and does not heed the signal by which Slurm asks it to end.
        stubborn = tmp_path / "stubborn"
        stubborn.write_text(f"#!/bin/sh\ntrap '' TERM\ntouch {tmp_path}/runs\nwhile :; do sleep 1; done\n")
        stubborn.chmod(0o755)
        cluster.call("sbatch", "--output=/dev/null", "--mem=100", f"--wrap=setsid {stubborn} & wait")
        deadline = time.monotonic() + 60
        while not (tmp_path / "runs").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert named(str(cluster.folder))
        if end == "terminate":
            process.terminate()
    assert not cluster.folder.exists()
    assert not named(str(cluster.folder))
    assert not named(str(stubborn))
