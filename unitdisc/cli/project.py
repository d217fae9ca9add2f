"""Commands that start a project and run the workflow in it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from unitdisc.cli import app


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The configuration to write.")] = Path("config.yaml"),
    kind: Annotated[
        Literal["samples", "folder", "pages", "kaldi", "scribblelens", "cifar10"],
        typer.Option(help="Kind of the corpus."),
    ] = "samples",
    root: Annotated[Path | None, typer.Option(help="Path of the corpus, from the folder in which you run it.")] = None,
) -> None:
    """Write a configuration to start from, and the schema with which editors complete and check it.

    Example: unitdisc init

    Example: unitdisc init my.yaml --kind folder --root recordings
    """
    import shlex

    from unitdisc import project

    for written in project.init(path, kind, root):
        typer.echo(written)
    typer.echo(f"next: unitdisc run --configfile {shlex.quote(str(path))}", err=True)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(
    context: typer.Context,
    configfile: Annotated[Path, typer.Option(help="The configuration.")] = Path("config.yaml"),
) -> None:
    """Run the whole workflow of a configuration, from any folder; other options are passed to snakemake.

    Paths in the configuration are relative to the current folder. Without --cores, all cores are used.

    Example: unitdisc run

    Example: unitdisc run --configfile my.yaml --cores 2 --dry-run
    """
    import os
    import sys

    from unitdisc import project
    from unitdisc.errors import InputError

    if not configfile.is_file():
        raise InputError("no such file", configfile, fix="write one: unitdisc init")
    files = project.folder()
    arguments = ["--snakefile", str(files / "Snakefile"), "--configfile", os.path.join(".", configfile)]  # noqa: PTH118 (a name may begin with a dash)
    has_profile = any(option.startswith(("--workflow-profile", "--profile")) for option in context.args)
    if not has_profile and not Path("profiles/default").is_dir():
        arguments += ["--workflow-profile", str(files / "profiles" / "default")]
    # The rules run the command unitdisc that was called, or the one beside this Python.
    called = Path(sys.argv[0]).absolute()
    folders = [str(called.parent)] if called.name == "unitdisc" else []
    path = [*folders, str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment = os.environ | {"PATH": os.pathsep.join(path)}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "snakemake", *arguments, *context.args], environment)  # noqa: S606
