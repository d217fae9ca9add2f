"""The checks of a GPU: all of them in small on the CPU, and those that take seconds on a GPU where there is one."""

import json
import math
import subprocess
import sys
import time

import pytest
import torch

from benchmarks.gpu import codebook_checks, training_checks
from benchmarks.gpu.made_up import Machine, models, settings_of, trainer_of, utterances, widths
from benchmarks.gpu.plain import Plain
from benchmarks.gpu.rows import Check, Recorder, Skipped, Speed, text_of
from tests.helpers.places import repository

cpu = Machine(torch.device("cpu"))
with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def run(out, *options):
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--out", str(out), *options]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=900)


waiting = "waiting for a batch that is read ahead, and in time"  # takes no memory of the device


most = "^(?!compiled (wsj|scribblelens)|speed (wsj|scribblelens) compiled)"  # these take as long as the rest


@pytest.mark.slow
def test_it_runs_in_small_on_the_cpu(tmp_path):
    """The rest of it is in `make gpu DEVICE=cpu`."""
    done = run(tmp_path / "gpu.jsonl", "--seconds", "600", "--only", most)
    assert done.returncode == 0, done.stdout
    machine, *rows = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    assert machine["kind"] == "machine"
    assert all(row["passed"] for row in rows if row["kind"] == "check")
    assert [row["name"] for row in rows if row["kind"] == "skipped"] == []
    wanted = {"check": ("measured", "most", "seconds"), "speed": ("ours", "seconds")}
    for row in rows:
        assert all(isinstance(row[key], (int, float)) and math.isfinite(row[key]) for key in wanted[row["kind"]]), row
    speeds = {row["name"]: row for row in rows if row["kind"] == "speed"}
    assert all(row["ours"] > 0 for row in speeds.values())
    assert [name for name, row in speeds.items() if row["ours_mb"] is None] == [waiting]
    beside = [row for name, row in speeds.items() if "beside" in name or "quantiser" in name or "k-means" in name]
    assert len(beside) == 7 + 3 + 8 + 4
    assert all(row["ratio"] > 0 for row in beside)
    assert all(row["name"] in done.stdout for row in rows)


def test_a_part_that_is_out_of_time_in_code_that_catches_errors_is_left_out(tmp_path):
    def compiling():
        try:
            while True:
                time.sleep(0.01)
        except Exception as error:
            raise RuntimeError("another error") from error
        yield Check("never", 0.0, 0.0)

    record = Recorder(tmp_path / "rows.jsonl", seconds=1.3)
    record.run("compiling", compiling, most=60)
    assert [type(row) for row in record.rows] == [Skipped]
    assert not record.failed


def test_a_part_that_fails_is_told_and_does_not_stop_the_rest(tmp_path, capsys):
    record = Recorder(tmp_path / "rows.jsonl", seconds=60)

    def broken():
        yield Check("first", 0.0, 0.0)
        raise RuntimeError("the device is gone")

    record.run("broken", broken, most=10)
    record.run("sound", lambda: iter([Speed("second", "ms", 2.0, 3.0), Check("nan", math.nan, 1.0)]), most=10)
    assert [row.name for row in record.failed] == ["broken", "nan"]
    assert record.table().splitlines()[-3] == "1 of 3 checks passed, 0 parts were left out"
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [line["name"] for line in lines] == ["first", "broken", "second", "nan"]
    assert "the device is gone" in lines[1]["note"]
    assert lines[2]["ratio"] == 1.5


@pytest.mark.slow
def test_a_part_that_hangs_fails_and_one_that_finds_no_time_is_left_out(tmp_path):
    record = Recorder(tmp_path / "rows.jsonl", seconds=2.5)

    def hanging():
        time.sleep(60)
        yield Check("never", 0.0, 0.0)

    start = time.perf_counter()
    for most in (1.0, 30.0, 30.0):
        record.run(f"at most {most}", hanging, most=most)
    assert time.perf_counter() - start < 10
    assert [type(row) for row in record.rows] == [Check, Skipped, Skipped]
    assert record.failed == record.rows[:1]
    assert text_of(record.rows[1]).startswith("skip  at most 30.0")


def test_speeds_are_compared_so_that_more_is_better():
    assert Speed("a", "ms", ours=2.0, peer=6.0).ratio == 3.0
    assert Speed("a", "frames/s", ours=6.0, peer=2.0).ratio == 3.0
    assert Speed("a", "ms", ours=6.0).ratio is None


@pytest.mark.parametrize("name", models)
def test_the_plain_network_computes_what_ours_does(name):
    """Given the same weights, and frames that are all real; what is compared there is the same work."""
    settings = settings_of(name, cpu)
    ours = trainer_of(name, settings, utterances(name, 4, 64), cpu.device).state.model.eval()
    plain = Plain(settings, widths[name], 2, 12).eval()
    kept = {key: value for key, value in ours.state_dict().items() if "quantizer" not in key}
    assert [value.shape for value in kept.values()] == [value.shape for value in plain.state_dict().values()]
    plain.load_state_dict(dict(zip(plain.state_dict(), kept.values(), strict=True)))
    frames = torch.tensor(utterances(name, 4, 64).matrices["u3"])[:60]
    torch.testing.assert_close(plain.vectors(frames.unsqueeze(0))[0], ours.vectors(frames), rtol=1e-4, atol=1e-5)


@with_gpu
@pytest.mark.parametrize("part", ["quantiser", "reservoir", "clustering", "reestimation"])
def test_the_codebook_on_a_gpu_is_the_cpu_s(part):
    rows = list(getattr(codebook_checks, part)(Machine(torch.device("cuda", 0))))
    assert rows
    assert [text_of(row) for row in rows if not row.passed] == []


@with_gpu
@pytest.mark.slow
@pytest.mark.parametrize("name", models)
def test_models_train_and_encode_on_a_gpu(name):
    rows = list(training_checks.training(name, Machine(torch.device("cuda", 0))))
    assert [text_of(row) for row in rows if not row.passed] == []


@with_gpu
@pytest.mark.slow
@pytest.mark.parametrize("part", ["resuming", "together"])
def test_trainings_go_on_elsewhere_and_in_a_group_on_a_gpu(part):
    rows = list(getattr(training_checks, part)(Machine(torch.device("cuda", 0))))
    assert [text_of(row) for row in rows if not row.passed] == []
