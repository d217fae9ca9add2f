"""Options that several commands share."""

import unicodedata
from typing import Annotated, Any, TypeVar

import typer

from unitdisc.choices import Fold, LabelFormat
from unitdisc.errors import InputError

Config = Annotated[str, typer.Option(help="The configuration: a YAML or JSON file, or JSON text.")]
Corpus = Annotated[str, typer.Option(help="Name of the corpus in the configuration.")]
Model = Annotated[str, typer.Option(help="Name of the model in the configuration.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the run.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", help="train, dev or test; repeat the option for several.", show_default=False),
]
PartOf = Annotated[
    str | None,
    typer.Option(
        "--part", help="Only this part of the utterances, such as 2-of-3; see unitdisc join.", show_default=False
    ),
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]
Threads = Annotated[
    int, typer.Option(min=1, help="Threads; results may differ in their last digits with another number.")
]

Format = Annotated[
    LabelFormat | None, typer.Option("--format", help="Format of LABELS; default: inferred from the name.")
]
Tier = Annotated[
    str | None,
    typer.Option(help="Tier of TextGrids and .eaf, by name or number; default: that of phones.", show_default=False),
]
FrameShift = Annotated[
    str | None,
    typer.Option(help="Seconds (or columns) between frames or tokens: 0.01, 1/75; not needed where the file has it."),
]
KaldiPhones = Annotated[
    bool, typer.Option("--kaldi-phones", help="Drop position suffixes (_B _I _E _S) and stress digits.")
]
Folded = Annotated[Fold | None, typer.Option("--fold", help="Count some phones as others: the 61 of TIMIT as 39.")]
Bootstrap = Annotated[int, typer.Option(min=0, help="Bootstrap resamples for the intervals; 0 for none.")]
Resampling = Annotated[int, typer.Option("--seed", min=0, help="Seed of the resamples.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

Settings = TypeVar("Settings", bound=Any)


def names(listed: str) -> list[str]:
    """Return the names in an option, separated by commas, composed as labels are when they are read."""
    return [name.strip() for name in unicodedata.normalize("NFC", listed).split(",") if name.strip()]


def overridden(settings: Settings, **options: Any) -> Settings:
    """Return a section of the configuration in which options that are not None replace settings.

    Raises InputError for an option that is not valid for the section.
    """
    from pydantic import ValidationError

    given = {name: value for name, value in options.items() if value is not None}
    try:
        changed: Settings = type(settings).model_validate({**settings.model_dump(), **given})
        return changed
    except ValidationError as error:
        first = error.errors()[0]
        name, reason = first["loc"][0], first.get("ctx", {}).get("error")
        raise InputError(f"{name}: {reason}" if reason else f"{name} {first['input']!r}: {first['msg']}") from None
