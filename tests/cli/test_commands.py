import os
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers.pipeline import environment, in_process, tiny, unitdisc

pytestmark = pytest.mark.slow


def prepare(folder, **options):
    tiny(folder, **options)
    for step in ("corpus", "features"):
        done = in_process(folder, step, "--corpus", "speech")
        assert done.returncode == 0, done.stderr
    return folder


def train_and_encode(folder, command):
    for step in (["train"], ["encode", "--split", "test"]):
        done = command(folder, *step, "--corpus", "speech", "--model", "vq")
        assert done.returncode == 0, done.stderr
    return (folder / "results/speech/vq/seed0/test.units.tsv").read_bytes()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("prepared"), epochs=60)


@pytest.fixture(scope="module")
def units(prepared):
    return train_and_encode(prepared, in_process)


def test_the_same_seed_gives_the_same_bytes_in_another_process(prepared, units):
    assert train_and_encode(prepared, unitdisc) == units


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_training_that_was_stopped_goes_on(prepared, units, how):
    run = prepared / "results/speech/vq/seed0"
    (run / "training.tsv").unlink(missing_ok=True)
    command = [sys.executable, "-m", "unitdisc", "train", "--corpus", "speech", "--model", "vq"]
    child = subprocess.Popen(
        command,
        cwd=prepared,
        env=environment(),
        stderr=subprocess.DEVNULL,
        # A shell lets what it runs in the background ignore Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not ((run / "training.tsv").exists() and len((run / "training.tsv").read_text().splitlines()) > 5):
        assert child.poll() is None, "the training ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.send_signal(how)
    assert child.wait(30) != 0
    assert (run / ".resume.pt").exists()
    (run / "..resume.pt.half").touch()  # as one that is killed while it writes leaves it
    done = in_process(prepared, "train", "--corpus", "speech", "--model", "vq")
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch" in done.stderr
    assert not list(run.glob("*resume*"))
    assert len((run / "training.tsv").read_text().splitlines()) == 61
    done = in_process(prepared, "encode", "--corpus", "speech", "--model", "vq", "--split", "dev", "--split", "test")
    assert done.returncode == 0, done.stderr
    assert (run / "test.units.tsv").read_bytes() == units
    assert (run / "dev.units.tsv").exists()
    assert not (run / "train.units.tsv").exists()


def test_a_foreign_or_corrupt_resume_file_is_refused_by_name(prepared):
    import torch

    path = prepared / "results/speech/vq/seed7/.resume.pt"
    path.parent.mkdir(parents=True)
    for content in ("corrupt", "foreign"):
        if content == "corrupt":
            path.write_bytes(b"not a resume file")
        else:
            torch.save({"digest": "another", "state": {}}, path)
        done = in_process(prepared, "train", "--corpus", "speech", "--model", "vq", "--seed", "7")
        assert done.returncode == 2
        assert ".resume.pt" in done.stderr
        assert done.stderr.count("\n") == 1
        assert path.exists()


def test_a_resume_file_runs_no_code(prepared, tmp_path):
    import pickle

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "attacked"),)

    path = prepared / "results/speech/vq/seed8/.resume.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps({"digest": Attack(), "state": {}}))
    assert in_process(prepared, "train", "--corpus", "speech", "--model", "vq", "--seed", "8").returncode == 2
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["corpus", "--corpus", "speach"], "no corpus 'speach'; the nearest known is 'speech'"),
        (["train", "--corpus", "speech", "--model", "vqq"], "no model 'vqq'"),
        (["train", "--corpus", "lines", "--model", "vq"], "utterances.tsv: no such file"),
        (["encode", "--corpus", "speech", "--model", "vq", "--seed", "99", "--split", "test"], "train the model first"),
        (
            ["score", "--corpus", "speech", "--model", "vq", "--split", "text"],
            "no split 'text'; it has train, dev, test",
        ),
        (["sample", "--corpus", "speech"], "cannot be generated; only sample corpora can"),
        (["corpus", "--corpus", "speech", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(prepared, arguments, message):
    done = in_process(prepared, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_mistake_at_a_prompt_is_one_line_too(tmp_path):
    done = unitdisc(tmp_path, "corpus", "--corpus", "speech", "--config", "nowhere.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "unitdisc: nowhere.yaml: no such file\n"


def test_nan_samples_stop_before_training(tmp_path):
    import numpy as np
    import soundfile

    tiny(tmp_path)
    soundfile.write(
        tmp_path / "speech/train/audio/train2.wav", np.full(9600, np.nan, "float32"), 16000, subtype="FLOAT"
    )
    done = in_process(tmp_path, "corpus", "--corpus", "speech")
    assert done.returncode == 2
    assert "wav.scp:3: speech/train/audio/train2.wav: holds samples that are not finite numbers" in done.stderr
    assert not list((tmp_path / "results/speech").glob("*.tsv"))


def test_every_command_teaches_by_example():
    from typer.main import get_command

    from unitdisc.cli import app, commands

    commands()
    for name, command in get_command(app).commands.items():
        assert f"unitdisc {name}" in (command.help or ""), f"{name} --help shows no example"


def test_help_is_quick():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "unitdisc", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "typer" in loaded
    assert not loaded & {"torch", "pandas", "numpy", "numba", "librosa", "sklearn", "scipy", "pydantic", "yaml"}
