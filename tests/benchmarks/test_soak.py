"""A small part of ``make soak``: every reader reads bombs and some broken files in little memory."""

import io
import json
import re
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.soak import disturbances, fuzzing
from benchmarks.soak.bombs import bombs
from benchmarks.soak.experiment import digests, made, steps
from benchmarks.soak.fuzzing import attempt, content, fuzz
from benchmarks.soak.mutations import broken
from benchmarks.soak.reader import Reader
from benchmarks.soak.readers import all_readers
from tests.helpers.pipeline import snakemake
from tests.helpers.places import repository
from unitdisc.errors import InputError

more = 6  # broken files for each reader, after its bombs


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


def test_the_steps_that_are_disturbed_are_the_jobs_of_the_workflow(tmp_path):
    done = snakemake(made(tmp_path), "--dry-run", "--printshellcmds")
    assert done.returncode == 0, done.stderr
    jobs = {of(line.split()) for line in re.findall("unitdisc (.*) >", done.stdout)}
    assert {of(command) for command in steps()} == jobs
    rules = "".join(path.read_text(encoding="utf-8") for path in repository.glob("workflow/rules/*.smk"))
    assert {name for name, _, _ in jobs} == {*re.findall('"unitdisc ([a-z-]+) --', rules)} - {"sample"}


def of(command):
    """The name of a command, and its corpus and model, if it has them."""
    given = dict(pairwise(command))
    return command[0], given.get("--corpus"), given.get("--model")


def test_dates_are_not_compared_and_all_else_is(tmp_path):
    def written(name, date, unit, checksum):
        folder = tmp_path / name / "results" / "exports"
        folder.mkdir(parents=True)
        (folder / "u.xml").write_text(f"<Created>{date}</Created><LastChange>{date}</LastChange><Glyph>{unit}</Glyph>")
        (folder / "manifest.json").write_text(json.dumps({"files": {"u.xml": checksum, "u.npz": "1"}}))
        return digests(tmp_path / name)

    first = written("a", "2001", 7, "x")
    assert written("b", "2002", 7, "y") == first
    assert written("c", "2001", 8, "x") != first
    assert set(first) == {"results/exports/u.xml", "results/exports/manifest.json"}


def test_a_step_is_ended_and_gets_a_full_disk_and_ends_as_if_nothing_had_been(tmp_path, monkeypatch):
    only = [("corpus", "--corpus", "lines")]
    monkeypatch.setattr(disturbances, "steps", lambda: only)
    peace = disturbances.undisturbed(tmp_path / "peace")
    assert "results/lines/utterances.tsv" in peace.digests
    draw = np.random.default_rng(0)
    ended = disturbances.ended(tmp_path / "ended", peace, 3, draw)
    filled = disturbances.filled(tmp_path / "filled", peace, 1, draw)
    assert (ended.findings, filled.findings) == ([], [])
    assert (ended.disturbed, filled.disturbed) == (4, 1)
    changed = replace(peace, digests={**peace.digests, "results/lines/utterances.tsv": "", "results/x": ""})
    found = disturbances.Outcome()
    disturbances._compare(tmp_path / "ended", changed, found)
    assert found.findings == ["results/lines/utterances.tsv differs", "results/x is missing"]
