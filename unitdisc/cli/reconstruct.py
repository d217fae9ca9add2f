"""The command that lets units be heard or seen: through the decoder, back into recordings or images."""

from pathlib import Path
from typing import Annotated

import typer

from unitdisc.choices import Values
from unitdisc.cli import app
from unitdisc.cli.encode import tell_of_unreadable
from unitdisc.cli.options import Splits
from unitdisc.errors import InputError

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Recordings or images, folders of them, and lists; see unitdisc encode.", show_default=False),
]
UnitFile = Annotated[
    Path | None,
    typer.Option(help="Instead of FILES: units in any format that docs/metrics.md lists.", show_default=False),
]
RunPath = Annotated[Path, typer.Option(help="A run's folder: results/…/seed0.")]
Out = Annotated[Path, typer.Option(help="The folder of the recordings (.wav) or images (.png).")]
Voice = Annotated[
    str | None,
    typer.Option(
        help="The speaker of the training data in whose voice (or hand) it is. Default: each file's own speaker; with "
        "--units, the mean of all.",
        show_default=False,
    ),
]
Speakers = Annotated[
    Path | None,
    typer.Option(help="With --units: whose units they are, in utt2spk or utterances.tsv.", show_default=False),
]
StatisticsFrom = Annotated[
    str | None,
    typer.Option(
        help="How FILES are normalised, as for unitdisc encode; with --units, a JSON file of the voice's statistics.",
        show_default=False,
    ),
]
OfDistribution = Annotated[
    Values, typer.Option(help="Of a decoder with a distribution: the likeliest values (or their mean), or samples.")
]
Draws = Annotated[int, typer.Option(min=0, help="Seed of samples, and of the phase of recordings.")]
Unquantised = Annotated[
    bool, typer.Option("--unquantised", help="With FILES: decode the vectors before the quantiser, to compare.")
]


@app.command()
def reconstruct(
    model: RunPath,
    out: Out,
    files: Files = None,
    units: UnitFile = None,
    speaker: Voice = None,
    speakers: Speakers = None,
    statistics: StatisticsFrom = None,
    split: Splits = None,
    values: OfDistribution = "likeliest",
    seed: Draws = 0,
    unquantised: Unquantised = False,
) -> None:
    """Turn the units of files, or a file of units, back into recordings or images.

    Files go through the encoder, the quantiser and the decoder of a model; units through the decoder alone. k-means has
    its centroids as decoder. The features are then inverted. The folder has one file per utterance and a manifest.

    Example: unitdisc reconstruct recordings/ --model results/sample-speech/kmeans/seed0 --out heard --speaker s02

    Example: unitdisc reconstruct --units units.tsv --model results/sample-speech/kmeans/seed0 --out heard
    """
    from unitdisc.steps import reconstruct as step
    from unitdisc.units.reconstruction import Manner

    _check_source(files, units, speakers=speakers, of_files=bool(split) or unquantised)
    manner = Manner(speaker, values, seed, not unquantised)
    options = step.Options(manner, split or (), statistics, speakers)
    if units is not None:
        step.run_units(model, units, out, options)
    elif files:
        tell_of_unreadable(step.run(model, files, out, options), out)


def _check_source(files: list[Path] | None, units: Path | None, *, speakers: Path | None, of_files: bool) -> None:
    """Raise InputError unless there are either files or units, with the options that go with them."""
    see = "unitdisc reconstruct --help shows both forms"
    if bool(files) == (units is not None):
        raise InputError("give either FILES or --units", fix=see)
    if units is not None and of_files:
        raise InputError("--split and --unquantised are for FILES, and exclude --units", fix=see)
    if units is None and speakers is not None:
        raise InputError("--speakers is for --units, and excludes FILES", fix=see)
