"""Several processes that share a training: the same codebook, and one end."""

import copy
import gc
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import yaml
from torch.nn.parallel import DistributedDataParallel

from tests.helpers.pipeline import environment, tiny, unitdisc
from tests.helpers.training import model, trainer, utterances
from unitdisc.codebook import kmeans
from unitdisc.config import ReestimationSettings
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.records import Utterance
from unitdisc.signals import EXIT_AGAIN
from unitdisc.training.final_reestimation import final_reestimation
from unitdisc.training.fit import fit

pytestmark = pytest.mark.slow


def outcome(settings, epochs):
    """What a process ends up with, and the vectors that its first re-estimation saw."""
    run = trainer(settings)
    seen = {}
    original = run.state.reestimation.run

    def watched(target, reservoir, optimiser, **options):
        if "vectors" not in seen:
            seen["vectors"] = reservoir.gather_samples()
            done = original(target, reservoir, optimiser, **options)
            seen["seed"] = options["seed"]
            seen["codewords"] = target.quantizer.codebook.detach().clone()
            return done
        return original(target, reservoir, optimiser, **options)

    run.state.reestimation.run = watched
    rows, state = [], {}
    for number in range(1, epochs + 1):
        rows.append(asdict(run.epoch(number)))
        if number == 1:  # before the re-estimation, with the reservoirs of all processes
            state = copy.deepcopy(run.state.state_dict())
    again = trainer(settings)
    again.state.load_state_dict(state)
    for number in range(2, epochs + 1):
        again.epoch(number)
    for each in (run, again):
        assert final_reestimation(each)
    weights, resumed = (
        {name: value.clone() for name, value in each.state.model.state_dict().items()} for each in (run, again)
    )
    return {"rows": rows, "weights": weights, "resumed": resumed, **seen, "reservoirs": len(state["reservoirs"])}


def process(rank, folder, settings):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    torch.save(outcome(settings, 3), Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_train_the_same_codebook(tmp_path):
    plan = ReestimationSettings(warmup_epochs=1, until_epoch=2)
    settings = model(processes=2, precision="float32", bottleneck={"reestimation": plan})
    mp.spawn(process, (str(tmp_path), settings), nprocs=2)
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    for name, value in one["weights"].items():
        assert value.equal(other["weights"][name]), name
        assert value.equal(one["resumed"][name]), name
        assert value.equal(other["resumed"][name]), name
    assert one["codewords"].equal(other["codewords"])
    assert one["reservoirs"] == 2
    alone = outcome(settings.model_copy(update={"training": settings.training.model_copy(update={"processes": 1})}), 3)
    # The re-estimation: the vectors of both are those of one process, in another order, and they are clustered.
    gathered, vectors = one["vectors"], alone["vectors"]
    assert len(gathered) == len(vectors)
    nearest = torch.cdist(gathered, vectors, compute_mode="donot_use_mm_for_euclid_dist").min(1)
    assert nearest.values.max() < 1e-3
    assert len(nearest.indices.unique()) == len(vectors)
    expected = kmeans(gathered, 16, seed=one["seed"])[0]
    assert one["codewords"].equal(expected)
    # The epoch before it: the same losses, as batch norm and gradients are those of the whole batch.
    assert one["rows"][0]["units_used"] == other["rows"][0]["units_used"] == alone["rows"][0]["units_used"]
    for key in ("loss", "task_loss", "dev_task_loss", "input_norm", "perplexity"):
        assert one["rows"][0][key] == pytest.approx(alone["rows"][0][key], rel=1e-3)
        assert other["rows"][0][key] == pytest.approx(one["rows"][0][key], rel=1e-12)


def parting(rank, folder, scale):
    """Train as one of two processes, and write which wrappers still live when the processes part."""
    torch.set_num_threads(1)
    os.environ["WORLD_SIZE"] = "2"
    part = dist.destroy_process_group

    def watched():
        alive = [thing for thing in gc.get_objects() if isinstance(thing, DistributedDataParallel)]
        (Path(folder) / f"{rank}.txt").write_text(f"{len(alive)} alive")
        part()

    dist.init_process_group = partial(
        dist.init_process_group, init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    dist.destroy_process_group = watched
    known = utterances(length=32)
    names = [Utterance(name, "train", str(speaker), "", 0.32) for name, speaker in known.speakers.items()]
    features = SpeechSettings(normalise="none")
    try:
        fit(
            model(epochs=1, processes=2),
            features,
            {"train": Path(folder) / "train.scp"},
            names,
            RunFolder(Path(folder)),
            seed=0,
        )
    except InputError:
        assert scale > 1


@pytest.mark.parametrize("scale", [1, 1e30])
def test_no_wrapper_outlives_the_processes(tmp_path, scale):
    # Of a finished training, or of one that an error ended: such a wrapper can wait for gloo's threads for ever.
    matrices = utterances(length=32).matrices
    archive.write(tmp_path / "train.ark", [(name, np.float32(scale) * matrices[name]) for name in matrices])
    mp.spawn(parting, (str(tmp_path), scale), nprocs=2)
    assert (tmp_path / "model.json").exists() == (scale == 1)
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in range(2)] == ["0 alive"] * 2


def prepared_for_two(folder, epochs, **training):
    path = tiny(folder, epochs=epochs)
    values = yaml.safe_load(path.read_text())
    values["models"]["vq"]["training"] |= {"processes": 2, "device": "cpu", **training}
    path.write_text(yaml.safe_dump(values))
    for step in ("corpus", "features"):
        done = unitdisc(folder, step, "--corpus", "speech")
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_two_processes_end_together(tmp_path):
    prepared_for_two(tmp_path, 4000)
    command = [sys.executable, "-m", "unitdisc", "train", "--corpus", "speech", "--model", "vq"]
    resume = tmp_path / "results/speech/vq/seed0/.resume.pt"

    def ended(whose, number):
        """What the training ends with, and tells, when this signal ends its first process, or one that it started."""
        before = resume.stat().st_mtime_ns if resume.exists() else 0
        parent = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
        for _ in range(600):
            time.sleep(0.1)
            if resume.exists() and resume.stat().st_mtime_ns != before:
                break
        started = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
        assert len(started) == 2
        os.kill(parent.pid if whose == "parent" else started[1], number)
        told = parent.communicate(timeout=60)[1]
        for _ in range(300):
            if not any(Path(f"/proc/{pid}").exists() for pid in started):
                break
            time.sleep(0.1)
        else:
            pytest.fail("a process trains on alone")
        assert "Traceback" not in told
        return parent.returncode, told.splitlines()[-1]

    assert ended("child", signal.SIGKILL) == (137, "process 1 of the training was ended by SIGKILL")
    assert ended("parent", signal.SIGKILL)[0] == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_two_processes_are_saved_at_the_same_step_and_go_on_from_there(tmp_path):
    prepared_for_two(tmp_path, 2, chunks_per_utterance=100, save_minutes=1e-3)
    train = ["train", "--corpus", "speech", "--model", "vq"]
    run = tmp_path / "results/speech/vq/seed0"
    assert unitdisc(tmp_path, *train).returncode == 0
    expected = (run / "model.safetensors").read_bytes()
    for path in run.iterdir():
        path.unlink()
    for number, whose in ((signal.SIGUSR1, "parent"), (signal.SIGTERM, "child")):
        before = resume_of(run)
        parent = subprocess.Popen(
            [sys.executable, "-m", "unitdisc", *train],
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        while resume_of(run) == before and parent.poll() is None:
            time.sleep(0.01)
        started = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
        os.kill(parent.pid if whose == "parent" else started[1], number)
        told = parent.communicate(timeout=60)[1]
        assert parent.returncode == EXIT_AGAIN, told
        # The step at which both stopped; the one that got the signal may be the one that tells nothing.
        stopped = (
            rf"stopped by ({number.name}|a signal) after step \d+ of 150 of epoch [12]: give the same command again"
        )
        assert re.match(stopped, told.splitlines()[-1])
    done = unitdisc(tmp_path, *train)
    assert (done.returncode, done.stderr.count("resuming after step")) == (0, 1)
    assert (run / "model.safetensors").read_bytes() == expected
    assert {path.name for path in run.glob("[!.]*")} == {"model.json", "model.safetensors", "training.tsv"}
    assert not (run / ".resume.pt").exists()


def resume_of(run):
    """When the resume file was written."""
    try:
        return (run / ".resume.pt").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def test_torchrun_from_the_command_line(tmp_path):
    prepared_for_two(tmp_path, 2)
    done = unitdisc(tmp_path, "train", "--corpus", "speech", "--model", "vq")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epoch 2/2") == 1
    assert "Traceback" not in done.stderr
    run = tmp_path / "results/speech/vq/seed0"
    assert {file.name for file in run.glob("[!.]*")} == {"model.json", "model.safetensors", "training.tsv"}
    (run / ".resume.pt").write_bytes(b"not a resume file")
    done = unitdisc(tmp_path, "train", "--corpus", "speech", "--model", "vq")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert ".resume.pt: is not a resume file" in done.stderr
    done = unitdisc(tmp_path, "encode", "--corpus", "speech", "--model", "vq", "--split", "dev")
    assert done.returncode == 0, done.stderr
