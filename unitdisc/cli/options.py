"""Options that several commands share."""

from typing import Annotated, Any, Literal, TypeVar

import typer

from unitdisc.errors import InputError

LabelFormat = Literal["tsv", "ctm", "textgrid", "phn", "text_ali"]

Config = Annotated[str, typer.Option(help="The configuration, a YAML file (or JSON text).")]
Corpus = Annotated[str, typer.Option(help="Name of the corpus in the configuration.")]
Model = Annotated[str, typer.Option(help="Name of the model in the configuration.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the run.")]
Split = Annotated[str, typer.Option(help="train, dev or test.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", help="train, dev or test; repeat the option for several.", show_default=False),
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads; the bytes of a result on a CPU depend on their number.")]

Format = Annotated[LabelFormat | None, typer.Option("--format", help="Format of LABELS, else inferred from the name.")]
KaldiPhones = Annotated[
    bool, typer.Option("--kaldi-phones", help="Drop position suffixes (_B _I _E _S) and stress digits.")
]
Bootstrap = Annotated[int, typer.Option(min=0, help="Resamples of the intervals; 0 for none.")]
Resampling = Annotated[int, typer.Option("--seed", min=0, help="Seed of the resamples.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")]

Settings = TypeVar("Settings", bound=Any)


def names(listed: str) -> list[str]:
    """Return the names of an option that separates them by commas."""
    return [name.strip() for name in listed.split(",") if name.strip()]


def overridden(settings: Settings, **options: Any) -> Settings:
    """Return a section of the configuration with the options that are given, those not None, in place of its own.

    Raises InputError for one that the section cannot have.
    """
    from pydantic import ValidationError

    given = {name: value for name, value in options.items() if value is not None}
    try:
        changed: Settings = type(settings).model_validate({**settings.model_dump(), **given})
        return changed
    except ValidationError as error:
        first = error.errors()[0]
        name, own = first["loc"][0], first.get("ctx", {}).get("error")
        raise InputError(f"{name}: {own}" if own else f"{name} {first['input']!r}: {first['msg']}") from None
