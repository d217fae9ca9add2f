"""The command that encodes: splits of a corpus of the workflow, or any files."""

from pathlib import Path
from typing import Annotated

import typer

from unitdisc.choices import Device, Repeats
from unitdisc.cli import app
from unitdisc.cli.options import Config, Jobs, Seed, Splits, Threads
from unitdisc.errors import InputError

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Recordings or line images, folders of them, and lists.", show_default=False),
]
AnyModel = Annotated[
    str, typer.Option(help="Name of the model in the configuration, or with FILES, a run's folder: results/…/seed0.")
]
AnyCorpus = Annotated[
    str | None, typer.Option(help="Name of the corpus in the configuration; not with FILES.", show_default=False)
]
Out = Annotated[
    Path | None, typer.Option(help="With FILES: a .tsv, a .jsonl, or with --format a folder.", show_default=False)
]
ExportFormat = Annotated[
    str | None, typer.Option("--format", help="With FILES: a format of unitdisc export.", show_default=False)
]
StatisticsFrom = Annotated[
    str | None,
    typer.Option(
        "--statistics",
        help="With FILES: features are normalised by those of each speaker's files (speaker), of each file (own), of "
        "the training data (train), or of a JSON file. Default: as in training.",
        show_default=False,
    ),
]
KeepOrCollapse = Annotated[Repeats, typer.Option("--repeats", help="With FILES, in a .jsonl or --format.")]
OnDevice = Annotated[Device, typer.Option("--device", help="With FILES: where the model runs.")]


@app.command()
def encode(
    model: AnyModel,
    files: Files = None,
    corpus: AnyCorpus = None,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
    out: Out = None,
    format: ExportFormat = None,  # noqa: A002 (the option's name)
    statistics: StatisticsFrom = None,
    repeats: KeepOrCollapse = "keep",
    device: OnDevice = "cpu",
    jobs: Jobs = 1,
) -> None:
    """Encode splits of a corpus of the workflow, by default all, or any files, into unit sequences.

    Files are recordings or line images, folders of them, whose sub-folders are the speakers, or lists: a path per line,
    or a table with the column source or path, and optionally utterance, speaker and split. An interrupted command goes
    on where it was. Files that cannot be read are named at the end, and the exit code is then 1.

    Example: unitdisc encode --corpus sample-speech --model vq --split test

    Example: unitdisc encode recordings/ --model results/sample-speech/vq/seed0 --out units.tsv
    """
    if not files:
        _encode_corpus(corpus, model, split, seed, config, threads)
        return
    from unitdisc.steps import encode_files as step

    if corpus is not None:
        raise InputError("--corpus and FILES exclude each other", fix="leave one of them out")
    if out is None:
        raise InputError("--out is missing", fix="say where the units of FILES go: --out units.tsv")
    unreadable = step.run(
        Path(model),
        files,
        out,
        splits=split or (),
        format=format,
        statistics=statistics,
        repeats=repeats,
        device=device,
        jobs=jobs,
    )
    for row in unreadable:
        typer.echo(f"unitdisc: {row.error}", err=True)
    if unreadable:
        typer.echo(f"unitdisc: {len(unreadable)} files could not be read; the others are in {out}", err=True)
        raise typer.Exit(1)


def _encode_corpus(
    corpus: str | None, model: str, split: list[str] | None, seed: int, config: str, threads: int
) -> None:
    from unitdisc.steps import encode as step
    from unitdisc.steps.run import find_run

    if corpus is None:
        fix = "name a corpus of the configuration, or give files: unitdisc encode --help"
        raise InputError("neither --corpus nor FILES are given", fix=fix)
    step.run(find_run(config, corpus, model, seed), split, threads=threads)
