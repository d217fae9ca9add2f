"""Options that several scoring commands share."""

from typing import Annotated, Literal

import typer

LabelFormat = Literal["tsv", "ctm", "textgrid", "phn", "text_ali"]

Format = Annotated[LabelFormat | None, typer.Option("--format", help="Format of LABELS, else told by the name.")]
KaldiPhones = Annotated[
    bool, typer.Option("--kaldi-phones", help="Drop position suffixes (_B _I _E _S) and stress digits.")
]
Bootstrap = Annotated[int, typer.Option(min=0, help="Resamples of the intervals; 0 for none.")]
Resampling = Annotated[int, typer.Option("--seed", min=0, help="Seed of the resamples.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")]


def names(listed: str) -> list[str]:
    """Return the names of an option that separates them by commas."""
    return [name.strip() for name in listed.split(",") if name.strip()]
