"""The command lines of docs/reconstruction.md name commands and options that exist."""

import re
import shlex

import pytest
from typer.main import get_command

from tests.helpers.places import repository
from unitdisc.cli import app, commands

page = (repository / "docs" / "reconstruction.md").read_text(encoding="utf-8")
blocks = re.findall(r"^```sh\n(.*?)^```", page, flags=re.M | re.S)
lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


@pytest.mark.parametrize("line", lines)
def test_a_command_line_is_one(line):
    program, name, *arguments = shlex.split(line)
    commands()
    command = get_command(app).commands[name]
    assert program == "unitdisc"
    options = {option for parameter in command.params for option in parameter.opts}
    if command.context_settings.get("ignore_unknown_options"):
        options |= {"--configfile", "--cores"}  # which go on to snakemake
    assert {argument for argument in arguments if argument.startswith("--")} <= options


def test_there_are_such_lines():
    assert {shlex.split(line)[1] for line in lines} == {"run", "reconstruct", "fidelity"}
