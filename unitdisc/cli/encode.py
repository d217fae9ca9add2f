"""The command that encodes: splits of a corpus of the workflow, or any files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unitdisc.choices import Device, Repeats
from unitdisc.cli import app
from unitdisc.cli.options import Config, Jobs, PartOf, Seed, Splits, Threads, names
from unitdisc.errors import InputError

if TYPE_CHECKING:
    from unitdisc.records import Unreadable
    from unitdisc.steps.encode_files import Options

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Recordings, line images or pages, folders of them, and lists.", show_default=False),
]
AnyModel = Annotated[
    str, typer.Option(help="Name of the model in the configuration, or with FILES, a run's folder: results/…/seed0.")
]
AnyCorpus = Annotated[
    str | None, typer.Option(help="Name of the corpus in the configuration; not with FILES.", show_default=False)
]
Out = Annotated[
    Path | None, typer.Option(help="With FILES: a .tsv, a .jsonl, or with --formats a folder.", show_default=False)
]
Formats = Annotated[
    str | None, typer.Option(help="With FILES: formats of unitdisc export, with commas.", show_default=False)
]
StatisticsFrom = Annotated[
    str | None,
    typer.Option(
        help="With FILES: features are normalised by those of each speaker's files (speaker), of each file (own), of "
        "the training data (train), or of a JSON file. Default: as in training.",
        show_default=False,
    ),
]
Speaker = Annotated[
    str | None,
    typer.Option(
        help="With folders: which sub-folder is the speaker (1, the first, by default; -1), or a regular expression.",
        show_default=False,
    ),
]
Network = Annotated[
    Path | None,
    typer.Option(help="With FILES: where the network of features of kind ssl lies now.", show_default=False),
]
KeepOrCollapse = Annotated[Repeats, typer.Option(help="With FILES, not in a .tsv: repeats of a unit.")]
OnDevice = Annotated[Device, typer.Option(help="With FILES: where the model and its features are computed.")]
of_files = ("out", "formats", "statistics", "speaker", "network", "repeats", "device", "jobs")
of_a_corpus = ("corpus", "seed", "config", "threads", "part")


@app.command()
def encode(
    context: typer.Context,
    model: AnyModel,
    files: Files = None,
    corpus: AnyCorpus = None,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
    out: Out = None,
    formats: Formats = None,
    statistics: StatisticsFrom = None,
    speaker: Speaker = None,
    network: Network = None,
    repeats: KeepOrCollapse = "keep",
    device: OnDevice = "cpu",
    jobs: Jobs = 1,
    part: PartOf = None,
) -> None:
    """Encode splits of a corpus of the workflow, by default all, or any files, into unit sequences.

    Files are recordings or images, folders of them, whose sub-folders are the speakers, or lists: a path per line, or
    a table with the column source or path, and perhaps utterance, speaker, split, start and end. A model of handwriting
    reads pages, too: PAGE or ALTO, a folder with such files, or their zip; --formats pages writes units into copies of
    them. An interrupted command goes on where it was. Files that cannot be read are named at the end, and the exit code
    is then 1.

    Example: unitdisc encode --corpus sample-speech --model vq --split test

    Example: unitdisc encode recordings/ --model results/sample-speech/vq/seed0 --out units.tsv
    """
    if not files:
        _refuse(context, of_files, "is for FILES, and there are none")
        _encode_corpus(corpus, model, split, seed, config, threads, part)
        return
    from unitdisc.steps.encode_files import Options

    _refuse(context, of_a_corpus, "is for a corpus, and excludes FILES")
    written = names(formats) if formats else ()
    how = Options(split or (), _rule(speaker), statistics, written, repeats, network, device, jobs)
    _encode_files(Path(model), files, out, how)


def _encode_files(model: Path, files: list[Path], out: Path | None, how: "Options") -> None:
    from unitdisc.steps import encode_files as step

    if out is None:
        raise InputError("--out is missing", fix="say where the units of FILES go: --out units.tsv")
    tell_of_unreadable(step.run(model, files, out, how), out)


def tell_of_unreadable(unreadable: "list[Unreadable]", out: Path) -> None:
    """Name the files that could not be read, if there are any, and end with exit code 1."""
    from unitdisc.formats.text import counted

    for row in unreadable:
        typer.echo(f"unitdisc: {row.error}", err=True)
    if unreadable:
        count = counted(len(unreadable), "files")
        typer.echo(f"unitdisc: {count} could not be read; the others are in {out}", err=True)
        raise typer.Exit(1)


def _rule(speaker: str | None) -> int | str | None:
    """Return the rule that an option names; raises InputError for one that is none."""
    from unitdisc.corpora.speakers import checked

    if speaker is None:
        return None
    try:
        return checked(int(speaker) if speaker.lstrip("-").isdigit() else speaker)
    except ValueError as error:
        raise InputError(f"--speaker: {error}") from None


def _refuse(context: typer.Context, options: tuple[str, ...], why: str) -> None:
    """Raise InputError for the first of the ``options`` that is given."""
    for name in options:
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE":
            raise InputError(f"--{name} {why}", fix="leave it out: unitdisc encode --help shows both forms")


def _encode_corpus(
    corpus: str | None, model: str, split: list[str] | None, seed: int, config: str, threads: int, part: str | None
) -> None:
    from unitdisc.steps import encode as step
    from unitdisc.steps.parts import read_part
    from unitdisc.steps.run import find_run

    if corpus is None:
        fix = "name a corpus of the configuration, or give files: unitdisc encode --help"
        raise InputError("neither --corpus nor FILES are given", fix=fix)
    step.run(find_run(config, corpus, model, seed), split, threads=threads, part=read_part(part) if part else None)
