"""What all tests share: one thread per process, so that two test processes do not fight for two cores."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from unitdisc import signals

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; spinning threads are many times slower
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that copies the file that is its argument to standard output, for pipes of wav.scp."""
    path = tmp_path / "copy"
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write(open(sys.argv[1], 'rb').read())\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Make two runs up to their units: speech by k-means, lines by a VQ model of one epoch."""
    from tests.helpers.commands import lines, run, speech
    from tests.helpers.pipeline import tiny

    folder = tmp_path_factory.mktemp("runs")
    tiny(folder, epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for which in (speech, lines):
            run("corpus", *which[:2])
            run("features", *which[:2])
            run("train", *which)
            run("encode", *which)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch) -> Path:
    """Go to a copy of the runs, which tests may edit, and return its folder."""
    folder = tmp_path / "copy"
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns(".*.crc32"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def handlers():
    """Put the handlers of a scheduler's signals back, as a training that stops ignores them to its end."""
    before = {number: signal.getsignal(number) for number in signals.asking}
    yield
    signals.ignore()  # a signal that ends a command is handled until that
    for number, handler in before.items():
        signal.signal(number, handler)
