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
