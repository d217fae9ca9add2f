import shutil
import subprocess

import pytest

from tests.helpers.pipeline import snakemake, tiny
from unitdisc.steps.locks import advice, notice


@pytest.fixture
def locked(tmp_path):
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/scores.tsv\n")
    return tmp_path


def test_a_locked_folder_has_advice(locked):
    assert notice(locked, ["snakemake"]) == notice(locked, ["snakemake", "--cores", "2"]) == advice
    assert "\n" not in advice


@pytest.mark.parametrize("option", ["--unlock", "--nolock"])
def test_nothing_is_said_to_those_who_know(locked, option):
    assert notice(locked, ["snakemake", option]) == ""


def test_nothing_is_said_without_a_lock(tmp_path, locked):
    (locked / ".snakemake/locks/0.output.lock").unlink()
    assert notice(locked, ["snakemake"]) == notice(tmp_path / "nowhere", ["snakemake"]) == ""


@pytest.mark.slow
def test_a_lock_that_a_killed_run_left_behind_is_explained_and_removed(tmp_path):
    tiny(tmp_path)
    shutil.rmtree(tmp_path / "lines")
    target = ("--", "results/speech/utterances.tsv")
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/speech/utterances.tsv\n")  # as SIGKILL leaves it
    refused = snakemake(tmp_path, *target)
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "LockException" in said
    assert said.count(advice) == 1
    assert "Traceback" not in said
    assert not (tmp_path / "results/speech/utterances.tsv").exists()
    unlocked: subprocess.CompletedProcess[str] = snakemake(tmp_path, "--unlock")
    assert unlocked.returncode == 0, unlocked.stderr
    assert advice not in unlocked.stdout + unlocked.stderr
    done = snakemake(tmp_path, *target)
    assert done.returncode == 0, done.stderr
    assert advice not in done.stdout + done.stderr
