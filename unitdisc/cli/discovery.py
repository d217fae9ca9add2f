"""Commands that score unit sequences against labels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unitdisc import choices
from unitdisc.cli import app
from unitdisc.cli.options import Bootstrap, Folded, Format, FrameShift, Json, KaldiPhones, Resampling, Tier, names
from unitdisc.errors import InputError
from unitdisc.notices import Notices

if TYPE_CHECKING:
    import pandas as pd

    from unitdisc.records import Score, UnitSequence
    from unitdisc.scores.discovery.compare import Difference
    from unitdisc.scores.discovery.statistics import UtteranceStatistics

    Labelled = tuple[dict[str, UnitSequence], pd.DataFrame]

Lengths = Annotated[
    choices.Lengths, typer.Option(help="If units and labels end more than a token apart: error, or cut.")
]

LabelFiles = Annotated[
    Path, typer.Argument(help="labels.tsv, CTM, TextGrid, .eaf, .phn, text_ali, DiscoPhon, or a folder of these.")
]


@app.command()
def discovery(
    units: Annotated[
        Path, typer.Argument(help="units.tsv, JSON lines, an export, .km, name|units: see docs/metrics.md.")
    ],
    labels: LabelFiles,
    frame_shift: FrameShift = None,
    label_format: Format = None,
    tier: Tier = None,
    map_units: Annotated[Path | None, typer.Option(help="Units of the split on which to fit the mapping.")] = None,
    map_labels: Annotated[Path | None, typer.Option(help="Labels of the split on which to fit the mapping.")] = None,
    exclude: Annotated[str, typer.Option(help="Labels to leave out, separated by commas: SIL,UNK.")] = "",
    tolerance: Annotated[float, typer.Option(help="Tolerance of boundary scores, in seconds or columns.")] = 0.02,
    frame: Annotated[
        str | None, typer.Option(help="Step of frame_boundary_f1 (0.01, 1/75); default: that of tokens.")
    ] = None,
    lengths: Lengths = "strict",
    kaldi_phones: KaldiPhones = False,
    fold: Folded = None,
    speakers: Annotated[Path | None, typer.Option(help="utt2spk or utterances.tsv, to resample speakers.")] = None,
    bootstrap: Bootstrap = 1000,
    seed: Resampling = 0,
    save: Annotated[Path | None, typer.Option(help="File to write for unitdisc compare (.npz).")] = None,
    as_json: Json = False,
) -> None:
    """Score units against labels: mapping, clustering, boundaries, errors, usage (docs/metrics.md).

    Prints a table of metric, value, low, high (a 95 % bootstrap interval) and n.

    Example: unitdisc discovery test.units.tsv phones.ctm --exclude SIL,UNK --map-units train.units.tsv
    --map-labels train/phones.ctm --speakers utt2spk
    """
    from unitdisc.formats.unit_files import read_speakers
    from unitdisc.scores.discovery.score import statistics_of, summarise

    how = _Reading(frame_shift, label_format, tier, lengths, kaldi_phones=kaldi_phones, fold=fold)
    read = partial(_read, how=how)
    sequences, table = read(units, labels)
    statistics = statistics_of(
        sequences,
        table,
        exclude=names(exclude),
        mapping=_mapping(read, map_units, map_labels, table),
        tolerance=tolerance,
        speakers=read_speakers(speakers, of=sequences) if speakers else None,
        frame=_step(frame),
    )
    _finish(statistics, save)
    scores = summarise(statistics, samples=bootstrap, seed=seed)
    typer.echo(_json(scores) if as_json else _table(scores, ("metric", "value", "low", "high", "n")))


@app.command()
def compare(
    scored_a: Annotated[Path, typer.Argument(help="File that discovery --save wrote for A.")],
    scored_b: Annotated[Path, typer.Argument(help="File that discovery --save wrote for B.")],
    bootstrap: Bootstrap = 1000,
    seed: Resampling = 0,
) -> None:
    """Compare the scores of A and B on the same utterances: each metric's difference with its paired interval.

    Prints a table of metric, a, b, difference, low, high, better; better is a or b if the 95 % interval of a − b
    excludes 0, unclear if it does not, and - for a metric without a better direction.

    Example: unitdisc discovery a.units.tsv phones.ctm --save a.npz; unitdisc discovery b.units.tsv phones.ctm --save
    b.npz; unitdisc compare a.npz b.npz
    """
    from unitdisc.scores.discovery import compare
    from unitdisc.scores.discovery.statistics import load

    try:
        rows = compare.compare(load(scored_a), load(scored_b), samples=bootstrap, seed=seed)
    except compare.UnpairedError as error:
        raise InputError(str(error), f"{scored_a} and {scored_b}") from None
    typer.echo(_table(rows, ("metric", "a", "b", "difference", "low", "high", "better")))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How units and labels are read: the options of these names."""

    frame_shift: str | None
    label_format: choices.LabelFormat | None
    tier: str | None
    lengths: choices.Lengths
    kaldi_phones: bool
    fold: choices.Fold | None


def _read(units: Path, labels: Path, *, how: _Reading) -> "tuple[dict[str, UnitSequence], pd.DataFrame]":
    from unitdisc.formats.labels import plain_phones, read_label_table
    from unitdisc.formats.phone_sets import folded
    from unitdisc.formats.unit_files import line_of, read_sequences
    from unitdisc.scores.discovery.alignment import check_lengths

    sequences, notices = read_sequences(units, how.frame_shift), Notices()
    read = read_label_table(
        labels,
        how.label_format,
        tier=how.tier,
        known=sequences,
        notices=notices,
        overlap=_frame(sequences),
        only_known=bool(sequences),
    )
    read = replace(read, rows=plain_phones(read.rows)) if how.kaldi_phones else read
    read = folded(read, how.fold, notices) if how.fold else read
    notices.say()
    table = read.labels
    if read.strangers and sequences and not len(table):
        example = (
            f"{next(iter(read.strangers))!r} is not among the units, {next(iter(sequences))!r} not among the labels"
        )
        raise InputError(f"no utterance has both units and labels: {example}", labels)
    if how.lengths == "strict":
        check_lengths(sequences, table, units, partial(line_of, units), read.ends)
    return sequences, table


def _step(frame: str | None) -> float | None:
    from unitdisc.formats.frame_shifts import read_shift

    return None if frame is None else float(read_shift(frame))


def _frame(sequences: "dict[str, UnitSequence]") -> float:
    """Return by how much labels may overlap: a token, or what is usual."""
    from unitdisc.formats.label_table import frame_overlap

    return max([frame_overlap, *(sequence.frame_shift for sequence in sequences.values())])


def _mapping(
    read: "Callable[[Path, Path], Labelled]", units: Path | None, labels: Path | None, scored: "pd.DataFrame"
) -> "Labelled | None":
    """Read the split on which to fit the mapping; raises InputError where its labels are none of those to score."""
    if (units is None) != (labels is None):
        raise InputError("a mapping needs both units and labels", fix="give --map-units and --map-labels together")
    if units is None or labels is None:
        return None
    fitted = read(units, labels)
    if not len(fitted[1]):
        raise InputError("holds no labels to fit a mapping on", labels)
    ours, theirs = (sorted(table["label"].unique())[:3] for table in (scored, fitted[1]))
    if len(scored) and len(fitted[1]) and not set(scored["label"]) & set(fitted[1]["label"]):
        found = f"{', '.join(map(repr, theirs))} and so on here, {', '.join(map(repr, ours))} among those to score"
        raise InputError(f"has no label in common with the labels to score: {found}", labels)
    return fitted


def _finish(statistics: "UtteranceStatistics", save: Path | None) -> None:
    """Report what was not scored, and write the statistics to ``save``, if given."""
    from unitdisc.scores.discovery.score import unknown_labels
    from unitdisc.scores.discovery.statistics import save as save_statistics

    labels = statistics.sums.get("labels")
    unlabelled = len(statistics.utterances) if labels is None else int((labels == 0).sum())
    if unlabelled:
        typer.echo(
            f"unitdisc: {unlabelled} of {len(statistics.utterances)} utterances have no labels to score", err=True
        )
    if unknown := unknown_labels(statistics.excluded, statistics.labels):
        typer.echo(f"unitdisc: no label is named {', '.join(unknown)}", err=True)
    if save:
        save_statistics(save, statistics)


def _table(rows: "list[Score] | list[Difference]", columns: tuple[str, ...]) -> str:
    lines = ["\t".join(columns)]
    lines += ["\t".join(_cell(getattr(row, name)) for name in columns) for row in rows]
    return "\n".join(lines)


def _cell(value: str | float) -> str:
    if isinstance(value, float):
        return "" if value != value else repr(value)
    return str(value)


def _json(scores: "list[Score]") -> str:
    import json

    def number(value: float) -> float | None:
        return None if value != value else value

    table = {
        s.metric: {"value": number(s.value), "low": number(s.low), "high": number(s.high), "n": s.n} for s in scores
    }
    return json.dumps(table, indent=2)
