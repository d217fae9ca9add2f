"""A small part of ``make soak``: every reader reads bombs and some broken files in little memory."""

import io
import json
import sys
from collections import Counter

import numpy as np
import pytest

from benchmarks.soak import fuzzing
from benchmarks.soak.bombs import bombs
from benchmarks.soak.fuzzing import attempt, content, fuzz
from benchmarks.soak.mutations import broken
from benchmarks.soak.reader import Reader
from benchmarks.soak.readers import all_readers
from unitdisc.errors import InputError

more = 8  # broken files for each reader, after its bombs


def test_no_bomb_and_no_broken_file_is_more_than_one_line(tmp_path):
    readers = all_readers()
    most = max(Counter(reader for reader, _ in bombs()).values())
    tallies = fuzz(list(readers), tmp_path / "work", 1, most + more, tmp_path / "kept")
    slow = " s"  # a machine that does much else may be slow
    findings = [text for tally in tallies.values() for text in tally.findings if not text.endswith(slow)]
    assert findings == []
    assert all(tally.counts["refused"] for tally in tallies.values())
    assert {reader for reader, _ in bombs()} <= readers.keys()


def test_the_same_numbers_give_the_same_files():
    reader = all_readers()["labels-ctm"]
    files = [content(reader, 3, index) for index in range(40)]
    assert files == [content(reader, 3, index) for index in range(40)]
    assert files != [content(reader, 4, index) for index in range(40)]
    assert len({*files}) > 30


def test_mutations_break_anything():
    draw = np.random.default_rng(0)
    for whole in (b"", b"x", bytes(range(256)), b'{"a": [1, 2.5]}\n'):
        assert sum(broken(whole, [whole], draw) != whole for _ in range(100)) > 60


def failing(error: Exception) -> Reader:
    def read(_: object) -> None:
        raise error

    return Reader("x", "u.x", read, lambda: [b""])


def test_what_is_a_finding(tmp_path):
    path = tmp_path / "u.x"
    assert attempt(failing(InputError("is wrong", path)), path) == "refused"
    assert attempt(failing(InputError("is wrong")), path) == "a message that names no file: is wrong"
    assert attempt(failing(KeyError("k")), path) == "KeyError: 'k'"
    assert attempt(failing(MemoryError()), path) == "MemoryError: "


@pytest.mark.parametrize("way", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_process_that_ends_or_hangs_is_a_finding(tmp_path, monkeypatch, way):
    line = json.dumps({"reader": "items", "index": 3, "outcome": ""})
    script = tmp_path / "worker.py"
    script.write_text(f"import sys\nif '4' not in sys.argv:\n    print({line!r}, flush=True)\n    {way}\n")
    real = fuzzing.subprocess.Popen

    def run(command, **options):
        return real([sys.executable, str(script), *command[3:]], **options)

    monkeypatch.setattr(fuzzing.subprocess, "Popen", run)
    monkeypatch.setattr(fuzzing, "hang", 1.0)
    tally = fuzz(["items"], tmp_path, 0, 10, tmp_path / "kept")["items"]
    assert len(tally.findings) == 1
    assert tally.findings[0].startswith("items 3: the process ended with -")
    assert io.BytesIO(next((tmp_path / "kept").iterdir()).read_bytes()).getvalue() == content(
        all_readers()["items"], 0, 3
    )
