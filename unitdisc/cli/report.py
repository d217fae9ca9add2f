"""Commands that show results: the report page, and the main scores in the terminal."""

from pathlib import Path
from typing import Annotated

import typer

from unitdisc.cli import app


@app.command()
def report(
    results: Annotated[list[Path] | None, typer.Argument(help="Folders of results, shown side by side.")] = None,
    config: Annotated[
        str | None, typer.Option(help="Configuration whose results are shown: a YAML or JSON file, or JSON text.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Page to write; default: report.html in the results.")] = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Folder to which every figure of the page is written as an SVG file, instead of the page."),
    ] = None,
) -> None:
    """Write one self-contained page: scores with their baselines, training, every unit, utterances with sound.

    With --config the page lists missing runs; without it, folders are shown as they are, side by side.

    Example: unitdisc report --config config.yaml

    Example: unitdisc report results-a results-b --out both.html

    Example: unitdisc report results --figures figures
    """
    from unitdisc.config.load import read_config
    from unitdisc.errors import InputError
    from unitdisc.steps import report as step

    if results and config is not None:
        raise InputError("either folders of results or --config, not both")
    if figures is not None and out is not None:
        raise InputError("either --figures or --out, not both")
    if figures is not None:
        chosen = read_config(config or "config.yaml") if not results else None
        written = step.figures(chosen, figures) if chosen else step.figures_of_folders(results or [], figures)
        typer.echo("\n".join(map(str, written)) or "no figures: the page of these results has none", err=not written)
        return
    typer.echo(step.run_folders(results, out) if results else step.run(read_config(config or "config.yaml"), out))


@app.command()
def scores(
    results: Annotated[Path, typer.Argument(help="Folder of results.")] = Path("results"),
    split: Annotated[str, typer.Option(help="Split to show: train, dev or test.")] = "test",
    spread: Annotated[
        bool, typer.Option("--spread", help="Print mean, standard deviation, minimum and maximum over seeds instead.")
    ] = False,
) -> None:
    """Print the main scores of all runs, with mean and range over seeds, ABX and probes, and the path of the report.

    Example: unitdisc scores results

    Example: unitdisc scores results --spread
    """
    from unitdisc import tables
    from unitdisc.checksums import checked
    from unitdisc.layout import Results
    from unitdisc.records import RunScore
    from unitdisc.report import summary

    files = Results(results)
    table = tables.read(checked(files.scores), RunScore)
    if spread:
        typer.echo(summary.spread(table, split))
        return
    typer.echo(summary.scores(table, split))
    if staged := summary.stages(table, split):
        typer.echo(f"\n{staged}")
    if files.report.exists():
        typer.echo(f"\nreport: {files.report}")
