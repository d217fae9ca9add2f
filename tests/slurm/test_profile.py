"""The Slurm profile on a real Slurm: an experiment ends as it does on one machine, whatever befalls its jobs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
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
befallen = {0: "CANCELLED", 1: "TIMEOUT", 2: "NODE_FAIL", 3: "PREEMPTED"}


def run_folder(folder, seed):
    return Results(folder / "results").corpus("speech").run("vq", seed)


def experiment(folder, *, seeds):
    folder.mkdir()
    path = tiny(folder, epochs=60)
    values = yaml.safe_load(path.read_text())
    del values["corpora"]["lines"], values["runs"]["lines"]
    path.write_text(yaml.safe_dump(values | {"seeds": seeds, "runs": {"speech": ["vq"]}}))
    return folder


@pytest.fixture(scope="module")
def slurm():
    command = [sys.executable, "-m", "tests.slurm.cluster"]
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        started = re.search(r"SLURM_CONF=(\S+)/slurm\.conf", process.stdout.readline())
        if not started:
            pytest.skip("no Slurm could be started here")
        yield Cluster(Path(started[1]))


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The runs without Slurm, up to their units."""
    folder = experiment(tmp_path_factory.mktemp("local") / "experiment", seeds=list(befallen))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run("corpus", "--corpus", "speech")
        for split in splits:
            run("features", "--corpus", "speech", "--split", split)
        for seed in befallen:
            run("train", "--corpus", "speech", "--model", "vq", "--seed", str(seed))
            run("encode", "--corpus", "speech", "--model", "vq", "--seed", str(seed))
    return folder


@contextmanager
def snakemake(slurm, folder, *options):
    """Run Snakemake with the profile, which hands its jobs to the cluster, until it ends without an error."""
    command = ["snakemake", "--snakefile", str(repository / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(folder / "config.yaml"), "--set-threads", "features=2", "--latency-wait", "5"]
    command += ["--workflow-profile", str(repository / "profiles" / "slurm")]
    command += ["--slurm-init-seconds-before-status-checks", "2"]
    command += [] if slurm.accounting else ["--slurm-status-command", "squeue"]
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


def states(slurm, job):
    """The states that a job ended in, one for each time that it was started."""
    listed = slurm.call("sacct", "-X", "--duplicates", "-n", "-P", "-o", "State", "-j", job)
    return [line.split()[0] for line in listed.splitlines()]


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


def training(folder, seed):
    """The process that trains a run, once it has three epochs behind it; None before."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            command = (entry / "cmdline").read_text()
            if f"\0train\0--corpus\0speech\0--model\0vq\0--seed\0{seed}\0" in command and (entry / "cwd").samefile(
                folder
            ):
                epochs = pd.read_csv(run_folder(folder, seed).training, sep="\t")
                return int(entry.name) if len(epochs) >= 3 else None
    return None


def job_of(process):
    return re.search(r"SLURM_JOB_ID=(\d+)", Path(f"/proc/{process}/environ").read_text())[1]


def wait_until(reached, *, seconds=120):
    deadline = time.monotonic() + seconds
    while not (value := reached()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def node_of(slurm, job):
    return slurm.call("squeue", "--noheader", "--format=%N", "--jobs", job).strip()


def hold(folder):
    """Wait until every run is in the middle of its training, and stop it there; return the process and job of each."""
    processes, jobs = {}, {}
    while len(jobs) < len(befallen):
        for seed in befallen.keys() - jobs.keys():
            with suppress(FileNotFoundError, pd.errors.EmptyDataError):
                if process := training(folder, seed):
                    os.kill(process, signal.SIGSTOP)
                    processes[seed], jobs[seed] = process, job_of(process)
        time.sleep(0.1)
    return processes, jobs


def disturb(slurm, processes, jobs):
    """Cancel one training, let the time of another run out, take the node of the third, and preempt the fourth."""
    slurm.call("scancel", jobs[0])
    slurm.call("scontrol", "update", f"JobId={jobs[1]}", "EndTime=now")
    wait_until(lambda: slurm.call("squeue", "--noheader", "--format=%T", "--jobs", jobs[1]).strip() != "RUNNING")
    node = node_of(slurm, jobs[2])
    slurm.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
    wait_until(lambda: node_of(slurm, jobs[2]) != node)
    slurm.call("scontrol", "update", f"NodeName={node}", "State=RESUME")
    node = node_of(slurm, jobs[3])
    urgent = ["sbatch", "--partition=urgent", f"--nodelist={node}", "--cpus-per-task=8", "--output=/dev/null"]
    slurm.call(*urgent, "--mem=100", "--wrap=true")
    wait_until(lambda: node_of(slurm, jobs[3]) != node)
    wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in processes.values()))


@pytest.fixture(scope="module")
def disturbed(slurm, local, tmp_path_factory):
    folder = tmp_path_factory.mktemp("disturbed") / "experiment"
    shutil.copytree(local, folder)
    for seed in befallen:
        shutil.rmtree(run_folder(folder, seed).path)
    targets = [str(run_folder(folder, seed).units("test").relative_to(folder)) for seed in befallen]
    with snakemake(slurm, folder, "--", *targets):
        processes, jobs = hold(folder)
        disturb(slurm, processes, jobs)
        for job in jobs.values():  # what is started again waits for two minutes, unless told otherwise
            slurm.call("scontrol", "update", f"JobId={job}", "StartTime=now")
    return folder, jobs


@pytest.mark.parametrize("seed", befallen)
def test_a_disturbed_training_ends_as_an_undisturbed_one(slurm, local, disturbed, seed):
    folder, jobs = disturbed
    same(folder, local, seed)
    if slurm.accounting:
        assert befallen[seed] in states(slurm, jobs[seed])
