"""The command that writes the report page."""

from pathlib import Path
from typing import Annotated

import typer

from unitdisc.cli import app


@app.command()
def report(
    results: Annotated[list[Path] | None, typer.Argument(help="Folders of results, shown side by side.")] = None,
    config: Annotated[
        str | None, typer.Option(help="The configuration whose results are shown, a YAML file (or JSON text).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The page to write; without it report.html in the results.")] = None,
) -> None:
    """Write one self-contained page: scores with their baselines, training, every unit, utterances with sound.

    With --config the page says which of the runs are missing; folders alone are read as they are, several side by side.

    Example: unitdisc report --config config.yaml

    Example: unitdisc report results-a results-b --out both.html
    """
    from unitdisc import tables
    from unitdisc.configfile import load
    from unitdisc.errors import InputError
    from unitdisc.report import page

    if results and config is not None:
        raise InputError("either folders of results or --config, not both")
    if results:
        text = page.render_folders(results)
        place = out or (results[0] / "report.html" if len(results) == 1 else Path("report.html"))
    else:
        experiment = load(config or "config.yaml")
        text = page.render(experiment)
        place = out or experiment.results / "report.html"
    with tables.writing(place) as file:
        file.write(text)
    typer.echo(place)
