"""The command that scores units as the DiscoPhon benchmark does."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from unitdisc import choices
from unitdisc.cli import app
from unitdisc.cli.options import FrameShift


@app.command()
def discophon(
    dataset: Annotated[Path, typer.Argument(help="Folder of DiscoPhon's data: alignment, item.")],
    units: Annotated[Path, typer.Argument(help="Folder of units-LANGUAGE-SPLIT.jsonl, or one of these files.")],
    track: Annotated[
        choices.Track, typer.Option(help="Many units to a phoneme (256 units), or one (phonemes + 1 units).")
    ] = "many-to-one",
    abx: Annotated[choices.ItemKinds, typer.Option(help="Items to score ABX on too.")] = "none",
    phonemes: Annotated[
        int | None, typer.Option(min=1, help="Phonemes of a language that is not one of the benchmark's.")
    ] = None,
    frame_shift: FrameShift = None,
    out: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
) -> None:
    """Score units as the DiscoPhon benchmark does: PNMI, PER, F1, R-value, ABX (docs/metrics.md).

    Prints a JSON object per language, split and metric, as a submission to the benchmark has them. A folder is scored
    where it has units of dev or test.

    Example: unitdisc discophon discophon-data exports/units/discophon --abx triphone --out scores.jsonl
    """
    import json
    from dataclasses import asdict

    from unitdisc.files import writing
    from unitdisc.scores.discophon import score_lines

    kinds = get_args(choices.ItemKind) if abx == "both" else () if abx == "none" else (abx,)
    scores = score_lines(dataset, units, track=track, kinds=kinds, frame_shift=frame_shift, count=phonemes)
    lines = [json.dumps(asdict(score)) for score in scores]
    if out is None:
        typer.echo("\n".join(lines))
        return
    with writing(out) as file:
        file.writelines(f"{line}\n" for line in lines)
