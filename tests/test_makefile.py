import os
import shlex
import shutil
import subprocess

import pytest

from tests.helpers.places import repository

names = ["/my python/bin/it's", "$(touch hacked)", "`touch hacked`", "x; touch hacked", "--version"]


@pytest.mark.parametrize("name", names)
def test_a_variable_is_one_word_to_the_shell(tmp_path, name):
    folder = tmp_path / "a 'b' $(touch hacked) & c"
    folder.mkdir()
    shutil.copy(repository / "Makefile", folder)
    for needed in ("pyproject.toml", "constraints.txt", "setup.py"):
        (folder / needed).touch()
    command = ["make", "--dry-run", ".venv/run.stamp", f"PYTHON={name.replace('$', '$$')}"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    (made,) = (line for line in told.splitlines() if line.endswith("-m venv .venv"))
    assert shlex.split(made)[4:] == [name, "-m", "venv", ".venv"]
    assert not list(tmp_path.rglob("hacked"))


figures = {
    "1": ["figure1"],
    "2": ["speech"],
    "3": ["handwriting"],
    "4": ["figure4"],
    "tables": ["figure4", "handwriting", "speech"],
    "drift": ["drift"],
    "disentanglement": ["disentanglement"],
    "reliability": ["reliability"],
    "4 1": ["figure1", "figure4"],
    None: ["disentanglement", "drift", "figure1", "figure4", "handwriting", "reliability", "speech"],
}


@pytest.fixture
def clone(tmp_path):
    """A clone with experiments that read corpora/words, and programs that only say what they are asked for."""
    shutil.copy(repository / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for needed in ("pyproject.toml", "constraints.txt", "setup.py", ".venv/run.stamp"):
        (tmp_path / needed).touch()
    for program in ("snakemake", "unitdisc"):
        path = tmp_path / ".venv" / "bin" / program
        path.write_text(f'#!/bin/sh\necho {program} "$@"\n')
        path.chmod(0o755)
    configurations = tmp_path / "workflow" / "configs"
    configurations.mkdir(parents=True)
    for name in figures[None]:
        (configurations / f"paper-{name}.yaml").write_text("corpora:\n  a:\n    root: corpora/words  # yours\n")
    (tmp_path / "corpora" / "words").mkdir(parents=True)
    return tmp_path


def made(folder, figure):
    chosen = [] if figure is None else [f"FIGURE={figure}"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # make runs the tests
    command = ["make", "paper", *chosen]
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("figure", figures)
def test_a_figure_of_the_paper_is_its_experiments_and_then_their_figures(clone, figure):
    done = made(clone, figure)
    assert done.returncode == 0, done.stderr
    expected = []
    for name in figures[figure]:
        expected.append(f"snakemake --cores all --configfile workflow/configs/paper-{name}.yaml")
        expected.append(f"unitdisc report results-paper-{name} --figures docs/paper/{name}")
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("figure", ["5", "figure1", "1 none", "$$(touch hacked)", "'; touch hacked"])
def test_a_figure_that_the_paper_has_not_is_one_line(clone, figure):
    done = made(clone, figure)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "there is no FIGURE" in line
    assert line.endswith("1 2 3 4 tables drift disentanglement reliability.  Stop.")
    assert not list(clone.rglob("hacked"))


@pytest.mark.parametrize("figure", ["1", None])
def test_a_corpus_that_is_not_there_is_told_before_anything_runs(clone, figure):
    (clone / "corpora" / "words").rmdir()
    done = made(clone, figure)
    assert done.returncode == 2
    assert done.stdout == ""
    told, _ = done.stderr.splitlines()  # the second is that of make itself
    name = figures[figure][0]
    assert told.startswith(f"make paper: workflow/configs/paper-{name}.yaml reads corpora/words, which is not there")


@pytest.mark.parametrize("program", ["snakemake", "unitdisc"])
def test_an_experiment_that_fails_is_the_last_one(clone, program):
    (clone / ".venv" / "bin" / program).write_text(f"#!/bin/sh\necho {program}\nexit 1\n")
    done = made(clone, "tables")
    assert done.returncode == 2
    assert done.stdout.split()[-1] == program
    assert len(done.stdout.splitlines()) == (1 if program == "snakemake" else 2)


def test_every_experiment_of_the_paper_has_a_name_in_the_makefile():
    there = {path.stem.removeprefix("paper-") for path in (repository / "workflow" / "configs").glob("paper-*.yaml")}
    assert there <= set(figures[None])
