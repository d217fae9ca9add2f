"""Commands that score by ABX."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from unitdisc import choices
from unitdisc.cli import app
from unitdisc.cli.options import Folded, Format, FrameShift, Json, KaldiPhones, Tier, names
from unitdisc.errors import InputError
from unitdisc.notices import Notices

Distance = Annotated[
    choices.Distance,
    typer.Option(help="Distance between frames; cosine is angular; levenshtein: between collapsed units."),
]
SpeakerMode = Annotated[choices.Speaker, typer.Option(help="Whether x has the speaker of a and b.")]
ContextMode = Annotated[choices.Context, typer.Option(help="Whether a, b and x have the same neighbours.")]
Group = Annotated[
    int | None, typer.Option(min=1, help="Sample this many tokens per label, context, speaker; default: all.")
]
Others = Annotated[
    int | None, typer.Option(min=1, help="Sample this many speakers of x; default: all.", show_default=False)
]
Memory = Annotated[int, typer.Option(min=1, help="MB of frames and distances; more goes to temporary files.")]
SkipShort = Annotated[
    bool, typer.Option("--skip-short", help="Leave out tokens too short for a frame; otherwise an error.")
]


@app.command()
def abx(
    item: Annotated[Path, typer.Argument(help="Item file: #file onset offset #phone prev-phone next-phone speaker.")],
    features: Annotated[
        Path, typer.Argument(help="Folder of .npy or .pt, .npz, Kaldi .scp; or units, as for unitdisc discovery.")
    ],
    frame_shift: FrameShift = None,
    distance: Distance = "angular",
    speaker: SpeakerMode = "within",
    context: ContextMode = "within",
    max_size_group: Group = None,
    max_x_across: Others = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    skip_short: SkipShort = False,
    memory: Memory = 2000,
    threads: Annotated[int | None, typer.Option(min=1, help="Default: one per core.", show_default=False)] = None,
    cells: Annotated[Path | None, typer.Option(help="Write the table of cells.")] = None,
    as_json: Json = False,
) -> None:
    """Score how well features or units tell labels apart: the ABX error rate, 0 best, 0.5 chance (docs/abx.md).

    Prints a table of the error and the number of cells that it is the mean of.

    Example: unitdisc abx triphone.item features.npz --frame-shift 0.01 --speaker across
    """
    from unitdisc.formats.feature_files import open_features
    from unitdisc.scores.abx.cell_table import writing_cells
    from unitdisc.scores.abx.score import abx as score

    source = open_features(features, frame_shift)
    with writing_cells(cells) as write:
        result = score(
            item,
            source,
            frame_shift=source.frame_shift,
            distance=distance,
            speaker=speaker,
            context=context,
            max_size_group=max_size_group,
            max_x_across=max_x_across,
            seed=seed,
            short="skip" if skip_short else "error",
            memory=memory * 1e6,
            threads=threads,
            each_block=write,
        )
    if result.left_out:
        typer.echo(f"unitdisc: {result.left_out} tokens hold no frame and were left out", err=True)
    values = {"error": result.error, "cells": result.cells}
    typer.echo(_json(values) if as_json else "\t".join(values) + "\n" + "\t".join(map(repr, values.values())))


@app.command("abx-items")
def abx_items(
    labels: Annotated[Path, typer.Argument(help="labels.tsv, CTM, TextGrid, .eaf, .phn, text_ali, or a folder.")],
    phone: Annotated[Path, typer.Option(help="Item file to write, of single labels.")] = Path("phone.item"),
    triphone: Annotated[Path, typer.Option(help="Item file to write, of labels with their neighbours.")] = Path(
        "triphone.item"
    ),
    label_format: Format = None,
    tier: Tier = None,
    speakers: Annotated[
        Path | None,
        typer.Option(help="utt2spk or utterances.tsv; default: the one beside LABELS.", show_default=False),
    ] = None,
    exclude: Annotated[str, typer.Option(help="Labels to leave out, as tokens and as neighbours.")] = ",".join(
        (*choices.silences, "UNK")
    ),
    kaldi_phones: KaldiPhones = False,
    fold: Folded = None,
    min_duration: Annotated[float, typer.Option(min=0, help="Leave out shorter tokens, in seconds or columns.")] = 0.0,
) -> None:
    """Write ABX item files from labels of phones or characters: one of single labels, one with their neighbours.

    A label becomes a token if labels directly precede and follow it, and none of the three is excluded.

    Example: unitdisc abx-items test/phones.ctm --speakers test/utt2spk --phone phone.item --triphone triphone.item
    """
    from unitdisc.formats.item_files import write_items
    from unitdisc.formats.labels import plain_phones, read_label_table
    from unitdisc.formats.phone_sets import folded
    from unitdisc.formats.unit_files import read_speakers
    from unitdisc.scores.abx.items import Kind, make_items
    from unitdisc.scores.discovery.score import unknown_labels

    voices, notices = read_speakers(speakers or _speakers_beside(labels)), Notices()
    read = read_label_table(labels, label_format, tier=tier, known=voices, notices=notices)
    read = replace(read, rows=plain_phones(read.rows)) if kaldi_phones else read
    table = (folded(read, fold, notices) if fold else read).labels
    notices.say()
    if unknown := unknown_labels(names(exclude), set(table["label"])):
        alike = [name for name in unknown if "(" in name]
        if alike:
            typer.echo(f"unitdisc: no label is named {', '.join(alike)}", err=True)
    kinds: list[tuple[Path, Kind]] = [(phone, "phone"), (triphone, "triphone")]
    for path, kind in kinds:
        try:
            items = make_items(table, voices, kind=kind, exclude=names(exclude), min_duration=min_duration)
        except InputError as error:
            raise InputError(str(error), labels) from None
        write_items(path, items)
        typer.echo(f"unitdisc: {path}: {len(items)} tokens", err=True)


def _speakers_beside(labels: Path) -> Path:
    folder = labels if labels.is_dir() else labels.parent
    for name in ("utt2spk", "utterances.tsv"):
        if (folder / name).is_file():
            return folder / name
    raise InputError("has no utt2spk or utterances.tsv beside it", labels, fix="name one with --speakers")


def _json(values: dict[str, float]) -> str:
    import json

    return json.dumps(values)
