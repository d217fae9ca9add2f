"""The Slurm profile, driven through the real executor plugin with stand-ins for Slurm's commands."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from tests.helpers.pipeline import environment, tiny
from tests.helpers.places import repository
from unitdisc.steps.resources import needs

pytestmark = pytest.mark.slow

pytest.importorskip("snakemake_executor_plugin_slurm")

sbatch = """
import json, os, re, subprocess, sys
arguments, folder = sys.argv[1:], os.environ["SHIM_FOLDER"]
number = 1
while True:
    try:
        file = open(f"{folder}/{number}.json", "x")  # a number of its own, also for two jobs at the same moment
        break
    except FileExistsError:
        number += 1
command = next((a[len("--wrap="):] for a in arguments if a.startswith("--wrap=")), None)
if command is None:
    command = arguments[arguments.index("--wrap") + 1] if "--wrap" in arguments else sys.stdin.read()
with file:
    json.dump({"arguments": arguments, "command": command}, file)
log = open(arguments[arguments.index("--output") + 1].replace("%j", str(number)), "w")
runner = (
    "import subprocess, sys; code = subprocess.run(['bash', '-c', sys.argv[1]]).returncode;"
    "open(sys.argv[2], 'w').write('COMPLETED' if code == 0 else 'FAILED')"
)
environment = os.environ | {"SLURM_JOB_ID": str(number), "SLURM_CPUS_ON_NODE": "2"}
subprocess.Popen([sys.executable, "-c", runner, command, f"{folder}/../states/{number}"],
                 stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
print(number)
"""

# It answers when the jobs have ended: the plugin asks ever more seldom about jobs that still run.
squeue = """
import os, time
folder = os.environ["SHIM_FOLDER"]
states = {name.removesuffix(".json"): f"{folder}/../states/{name.removesuffix('.json')}" for name in os.listdir(folder)}
deadline = time.monotonic() + 60
while not all(os.path.exists(path) and open(path).read() for path in states.values()) and time.monotonic() < deadline:
    time.sleep(0.1)
for number, path in states.items():
    print(f"{number}|{open(path).read() if os.path.exists(path) else 'RUNNING'}")
"""

srun = """
import os, sys
rest = sys.argv[1:]
while rest and rest[0].startswith("-"):
    rest.pop(0)
os.execvp(rest[0], rest)
"""

shims = {
    "sbatch": sbatch,
    "squeue": squeue,
    "srun": srun,
    "scancel": "",
    "scontrol": "print('MinJobAge = 300 sec')",
    "sacct": "print('none')",
    "sinfo": "print('cpu*')",
}


def install(folder):
    for name in ("bin", "jobs", "states"):
        (folder / name).mkdir()
    for name, code in shims.items():
        path = folder / "bin" / name
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
    scripts = os.pathsep.join([str(folder / "bin"), environment()["PATH"]])
    return environment() | {"PATH": scripts, "SHIM_FOLDER": str(folder / "jobs")}


def run(path, variables):
    """Run the experiment of a configuration with the profile."""
    command = ["snakemake", "--snakefile", str(repository / "Snakefile"), "--directory", str(path.parent)]
    command += ["--configfile", str(path), "--workflow-profile", str(repository / "profiles" / "slurm"), "--jobs", "4"]
    command += ["--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"]
    command += ["--latency-wait", "5", "--slurm-status-command", "squeue"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=900, check=False)


def requests(folder):
    """What each rule asked sbatch for."""
    asked = {}
    for path in (folder / "jobs").iterdir():
        job = json.loads(path.read_text())
        words = job["arguments"]
        rule = re.search(r"--allowed-rules'? '?(\w+)", job["command"])
        asked[rule[1]] = " ".join(map(shlex.quote, words))
    return asked


def test_every_rule_asks_for_what_it_states(tmp_path):
    experiment = tmp_path / "experiment"
    experiment.mkdir()
    path = tiny(experiment)
    values = yaml.safe_load(path.read_text())
    del values["corpora"]["lines"], values["runs"]["lines"]
    values["runs"]["speech"] = ["vq"]
    values["corpora"]["speech"]["splits"] = {"train": "train", "test": "test"}
    path.write_text(yaml.safe_dump(values))
    shim = tmp_path / "slurm"
    shim.mkdir()
    done = run(path, install(shim))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (experiment / "results" / "report.html").exists()
    asked = requests(shim)
    expected = {
        "corpus": {"-t 60", f"--mem {needs['corpus'].mb}", "--cpus-per-task=1"},
        "features": {"-t 240", "--mem 8000", "--cpus-per-task=8"},
        "activity": {"-t 60", f"--mem {needs['activity'].mb}", "--cpus-per-task=1"},
        "train": {"-t 1440", f"--mem {needs['train'].mb}", "--cpus-per-task=1", "--gpus=1"},
        "encode": {"-t 240", f"--mem {needs['encode'].mb}", "--cpus-per-task=1"},
        "score": {"-t 120", f"--mem {needs['score'].mb}", "--cpus-per-task=1"},
        "report": {"-t 30", f"--mem {needs['report'].mb}", "--cpus-per-task=1"},
    }
    # What the configuration does not ask for is not made: no probe, segment, pieces, export; collect runs here.
    assert set(asked) == {*expected, "abx"}
    for rule, options in expected.items():
        for option in options:
            assert option in asked[rule], f"{rule}: {option} is not in {asked[rule]}"
        assert ("--gpus" in asked[rule]) == (rule == "train")


def test_a_name_that_a_shell_of_the_cluster_would_read_is_refused(tmp_path):
    experiment = tmp_path / "experiment"
    experiment.mkdir()
    path = tiny(experiment)
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"results": "it's $(touch hacked)"}))
    shim = tmp_path / "slurm"
    shim.mkdir()
    done = run(path, install(shim))
    assert done.returncode != 0
    assert "it's $(touch hacked): has a name that Snakemake cannot hand to a cluster" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((shim / "jobs").iterdir())
    assert not list(tmp_path.rglob("hacked"))
