"""What all tests share: one thread per process, so that two test processes do not fight for two cores."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; spinning threads are many times slower
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that copies the file that is its argument to standard output, for pipes of wav.scp."""
    path = tmp_path / "copy"
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write(open(sys.argv[1], 'rb').read())\n")
    path.chmod(0o755)
    return str(path)
