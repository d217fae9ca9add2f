"""The Slurm profile on a real Slurm: an experiment ends as it does on one machine, whatever befalls its jobs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.helpers.commands import run
from tests.helpers.pipeline import environment, tiny
from tests.helpers.places import repository
from tests.slurm.cluster import Cluster
from unitdisc.layout import Results

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

pytest.importorskip("snakemake_executor_plugin_slurm")

splits = ("train", "dev", "test")
seeds = (0, 1, 2, 3)


@dataclass(frozen=True)
class Held:
    """A training that stands still between two epochs, with its process, its job and its node."""

    seed: int
    process: int
    job: str
    node: str


def run_folder(folder, seed):
    return Results(folder / "results").corpus("speech").run("vq", seed)


def experiment(folder, *, seeds=seeds, results="results"):
    folder.mkdir()
    path = tiny(folder, epochs=60)
    values = yaml.safe_load(path.read_text())
    del values["corpora"]["lines"], values["runs"]["lines"]
    path.write_text(yaml.safe_dump(values | {"seeds": list(seeds), "runs": {"speech": ["vq"]}, "results": results}))
    return folder


@pytest.fixture(scope="module")
def slurm():
    command = [sys.executable, "-m", "tests.slurm.cluster"]
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        started = re.search(r"SLURM_CONF=(\S+)/slurm\.conf", process.stdout.readline())
        if not started:
            (pytest.skip if process.wait() == 2 else pytest.fail)("no Slurm was started")
        yield Cluster(Path(started[1]))


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The runs without Slurm, up to their units."""
    folder = experiment(tmp_path_factory.mktemp("local") / "experiment")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run("corpus", "--corpus", "speech")
        run("features", "--corpus", "speech")
        for seed in seeds:
            run("train", "--corpus", "speech", "--model", "vq", "--seed", str(seed))
            run("encode", "--corpus", "speech", "--model", "vq", "--seed", str(seed))
    return folder


@contextmanager
def snakemake(slurm, folder, *options):
    """Run Snakemake with the profile, which hands its jobs to the cluster, until it ends without an error."""
    command = ["setpriv", "--pdeathsig", "TERM", "snakemake", "--directory", str(folder)]
    command += ["--snakefile", str(repository / "Snakefile"), "--configfile", str(folder / "config.yaml")]
    command += ["--set-threads", "features=2", "--latency-wait", "5"]
    command += ["--workflow-profile", str(repository / "profiles" / "slurm")]
    command += ["--slurm-init-seconds-before-status-checks", "2"]
    ours = environment()
    variables = ours | slurm.variables | {"PATH": f"{slurm.folder}/bin:{ours['PATH']}", "OMP_WAIT_POLICY": "passive"}
    path = folder / "snakemake.out"
    with path.open("w") as log:
        process = subprocess.Popen([*command, *options], cwd=folder, env=variables, stdout=log, stderr=log)
    try:
        yield
        assert process.wait(900) == 0, path.read_text()
    finally:
        process.kill()
        process.wait()


def same(folder, local, seed):
    ours, expected = run_folder(folder, seed), run_folder(local, seed)
    for name in ("weights", *splits):
        here, there = ((one.weights if name == "weights" else one.units(name)) for one in (ours, expected))
        assert here.read_bytes() == there.read_bytes(), name


def test_an_experiment_ends_as_it_does_on_one_machine(slurm, local, tmp_path):
    folder = experiment(tmp_path / "experiment", seeds=[0])
    with snakemake(slurm, folder):
        pass
    same(folder, local, 0)
    assert (folder / "results" / "report.html").exists()
    if slurm.accounting:
        listed = slurm.call("sacct", "-X", "-n", "-P", "-o", "Comment,State,AllocTRES")
        jobs = dict(line.split("|", 1) for line in listed.splitlines() if "rule_" in line)
        assert {job.split("|")[0] for job in jobs.values()} == {"COMPLETED"}
        assert {comment for comment, job in jobs.items() if "gres/gpu=1" in job} == {"rule_train_wildcards_speech_vq_0"}


def test_names_reach_no_shell(slurm, tmp_path):
    folder = experiment(tmp_path / "experiment", results='re $(touch hacked) `touch hacked` "sults"')
    index = Results(folder / 're $(touch hacked) `touch hacked` "sults"').corpus("speech").index("test")
    with snakemake(slurm, folder, "--", str(index.relative_to(folder))):
        pass
    assert index.exists()
    assert not list(tmp_path.rglob("hacked"))


def training(folder, seed):
    """The process that trains a run, once it has three epochs behind it; None before."""
    options = f"\0train\0--corpus\0speech\0--model\0vq\0--seed\0{seed}\0"
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if options in (entry / "cmdline").read_text() and (entry / "cwd").samefile(folder):
                epochs = pd.read_csv(run_folder(folder, seed).training, sep="\t")
                return int(entry.name) if len(epochs) >= 3 else None
    return None


def wait_until(reached):
    deadline = time.monotonic() + 300
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def hold(slurm, folder):
    """Wait until every run is in the middle of its training, and let it stand still there."""
    held = {}

    def all_held():
        for seed in set(seeds) - held.keys():
            with suppress(FileNotFoundError, pd.errors.EmptyDataError):
                if process := training(folder, seed):
                    os.kill(process, signal.SIGSTOP)
                    job = re.search(r"SLURM_JOB_ID=(\d+)", Path(f"/proc/{process}/environ").read_text())[1]
                    held[seed] = Held(seed, process, job, shown(slurm, job, "%N"))
        return len(held) == len(seeds)

    wait_until(all_held)
    return sorted(held.values(), key=lambda one: one.node)


def shown(slurm, job, field):
    """What squeue says of a job."""
    return slurm.call("squeue", "--noheader", f"--format={field}", "--jobs", job).strip()


def disturb(slurm, held):
    """Let a different thing befall each of four trainings, two on each of two nodes; return which was which."""
    befallen = dict(zip(("CANCELLED", "NODE_FAIL", "TIMEOUT", "PREEMPTED"), held, strict=True))
    cancelled, failed, late, preempted = befallen.values()
    slurm.call("scancel", cancelled.job)
    slurm.call("scontrol", "update", f"JobId={late.job}", "EndTime=now")
    slurm.call("scontrol", "update", f"NodeName={failed.node}", "State=DOWN", "Reason=test")
    wait_until(lambda: shown(slurm, failed.job, "%T") != "RUNNING")
    slurm.call("scontrol", "update", f"NodeName={failed.node}", "State=RESUME")
    wait_until(lambda: shown(slurm, late.job, "%T") != "RUNNING")
    urgent = ["sbatch", "--partition=urgent", f"--nodelist={preempted.node}", "--cpus-per-task=8", "--mem=100"]
    slurm.call(*urgent, "--output=/dev/null", "--wrap=true")
    wait_until(lambda: shown(slurm, preempted.job, "%T") != "RUNNING")
    for one in (failed, preempted):  # what Slurm starts again waits for two minutes, unless told otherwise
        wait_until(lambda one=one: not slurm.call("scontrol", "listpids", one.job, one.node))
        slurm.call("scontrol", "update", f"JobId={one.job}", "StartTime=now")
    return befallen


@pytest.fixture(scope="module")
def disturbed(slurm, local, tmp_path_factory):
    folder = tmp_path_factory.mktemp("disturbed") / "experiment"
    shutil.copytree(local, folder)
    for seed in seeds:
        shutil.rmtree(run_folder(folder, seed).path)
    targets = [str(run_folder(folder, seed).units("test").relative_to(folder)) for seed in seeds]
    with snakemake(slurm, folder, "--", *targets):
        befallen = disturb(slurm, hold(slurm, folder))
    return folder, befallen


@pytest.mark.parametrize("state", ["CANCELLED", "NODE_FAIL", "TIMEOUT", "PREEMPTED"])
def test_a_disturbed_training_ends_as_an_undisturbed_one(slurm, local, disturbed, state):
    folder, befallen = disturbed
    same(folder, local, befallen[state].seed)
    if slurm.accounting:
        listed = slurm.call("sacct", "-X", "--duplicates", "-n", "-P", "-o", "State", "-j", befallen[state].job)
        assert state in listed
