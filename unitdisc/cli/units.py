"""Commands that give out the units of a run: exported, as pieces, and in fewer, longer segments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from unitdisc.cli import app
from unitdisc.cli.runs import Run, UnitsFrom, overridden, run_of
from unitdisc.cli.steps import Config, Corpus, Model, Seed, Threads
from unitdisc.cli.unit_scores import Change, SplitScore, changes, meanings_of, word_scores, words_of
from unitdisc.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from unitdisc.config import ExportFormat
    from unitdisc.tables import UnitSequence, Utterance
    from unitdisc.units.exports import Part
    from unitdisc.units.pieces import PieceModel
    from unitdisc.units.sequences import Repeats

Out = Annotated[Path | None, typer.Option(help="Folder to write; an earlier export there is replaced.")]
Units = Annotated[UnitsFrom | None, typer.Option(help="Units as encoded, or as unitdisc segment leaves them.")]


@app.command()
def export(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    formats: Annotated[str | None, typer.Option(help="Formats, separated by commas: jsonl,parquet.")] = None,
    repeats: Annotated[Literal["keep", "collapse", "both"] | None, typer.Option(help="Repeats of a unit.")] = None,
    units: Units = None,
    out: Out = None,
) -> None:
    """Write the units of every split of a run in the formats of other programs (docs/exports.md).

    Writes exports/units in the run's folder: a folder a format, and manifest.json, which says how they were made.
    What is not given is as in the section exports of the configuration.

    Example: unitdisc export --corpus sample-speech --model vq --formats jsonl,textgrid --repeats both
    """
    from unitdisc.units.exports import suits, writers
    from unitdisc.units.exports.manifest import filling
    from unitdisc.units.sequences import Repeats

    run = run_of(config, corpus, model, seed)
    settings = overridden(run.experiment.exports, formats=formats and formats.split(","), repeats=repeats, units=units)
    suitable = [name for name in writers if suits(name, run.modality)]
    chosen = [name for name in settings.formats if name in suitable]
    lacking = [name for name in settings.formats if name not in suitable]
    if not chosen or (formats and lacking):
        what = f"{lacking[0]} is not made of {run.modality}" if lacking else "no format is chosen"
        raise InputError(what, fix=f"choose with --formats of {', '.join(suitable)}")
    folder = out or run.folder / "exports" / "units"
    with filling(folder, run.facts(settings, settings.units, *_packages(chosen))) as new:
        for repeat in get_args(Repeats):
            if settings.repeats in (repeat, "both"):
                for part in _parts(run, settings.units, repeat, folder):
                    for name in chosen:
                        writers[name](new / (name if repeat == "keep" else f"{name}-collapsed"), part)
    typer.echo(f"{folder}: {', '.join(chosen)}")


@app.command()
def segment(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    weight: Annotated[float | None, typer.Option(min=0, help="Price of a segment, in mean distances.")] = None,
    threads: Threads = 1,
    out: Out = None,
) -> None:
    """Join tokens to fewer, longer segments of the same codewords (docs/exports.md).

    Writes SPLIT.segments.units.tsv, a unit a token as in SPLIT.units.tsv, and scores.tsv, the scores before and after.
    What is not given is as in the section segmentation of the configuration.

    Example: unitdisc segment --corpus sample-speech --model vq --weight 0.5
    """
    import torch

    from unitdisc import tables
    from unitdisc.config import Segmentation
    from unitdisc.units.exports.manifest import filling
    from unitdisc.units.segmentation import penalty_of, segment_archive

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    settings = overridden(run.experiment.segmentation or Segmentation(), weight=weight)
    trained, speaker = run.trained, run.speakers
    archives = {split: run.features(split) for split in run.splits}
    penalty = penalty_of(settings, trained, archives["train"], speaker)
    facts = run.facts(settings, "encoded") | {"penalty": penalty}
    folder = out or run.folder / "exports" / "segments"
    with filling(folder, facts) as new:
        paths = {split: new / f"{split}.segments.units.tsv" for split in run.splits}
        for split, path in paths.items():
            tables.write_units(path, segment_archive(trained, archives[split], speaker, penalty=penalty))
        found = list(changes(run, {split: tables.read_units(path) for split, path in paths.items()}))
        tables.write(new / "scores.tsv", found, Change)
    shown = ("boundary_f1", "unit_boundary_r_value", "unit_boundary_f1", "many_to_one_heldout", "bitrate_runs")
    _show(["split", "metric", "before", "after"], [astuple(c)[:4] for c in found if c.metric in shown])


@app.command()
def pieces(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    algorithm: Annotated[Literal["bpe", "unigram"] | None, typer.Option(help="How sentencepiece trains.")] = None,
    vocabulary: Annotated[int | None, typer.Option(min=2, help="Size of the vocabulary.")] = None,
    words: Annotated[Path | None, typer.Option(help="Word times (CTM, TextGrid, labels.tsv) to score with.")] = None,
    units: Units = None,
    threads: Threads = 1,
    out: Out = None,
) -> None:
    """Train acoustic pieces on the collapsed units of train, encode every split, and score the pieces.

    Writes pieces.model (sentencepiece), vocabulary.tsv, SPLIT.pieces.tsv and scores.tsv (docs/exports.md). What is not
    given is as in the section pieces of the configuration.

    Example: unitdisc pieces --corpus sample-handwriting --model vq --algorithm unigram --vocabulary 600
    """
    from unitdisc.config import Pieces
    from unitdisc.units import pieces as acoustic
    from unitdisc.units.exports.manifest import filling
    from unitdisc.units.segmentation import codebook

    run = run_of(config, corpus, model, seed)
    section = run.experiment.pieces or Pieces()
    own = {**section.words, **({corpus: words} if words else {})}
    settings = overridden(section, algorithm=algorithm, vocabulary=vocabulary, units=units, words=own)
    sequences = {split: run.units(split, settings.units) for split in run.splits}
    codewords = len(codebook(run.trained))
    trained = acoustic.train([s.units for s in sequences["train"].values()], codewords, settings, threads=threads)
    folder = out or run.folder / "exports" / "pieces"
    timed = words_of(run, settings.words.get(corpus), {name for own in sequences.values() for name in own})
    with filling(folder, run.facts(settings, settings.units, "sentencepiece")) as new:
        scores = _write_pieces(new, trained, sequences, timed, run)
    sizes = ("tokens_per_piece", "bitrate_units", "bitrate_pieces")
    shown = (*sizes, "word_many_to_one_heldout", "word_many_to_one_heldout_units", "word_majority_heldout")
    _show(["split", "metric", "value"], [astuple(s)[:3] for s in scores if s.metric in shown])


def _packages(formats: "list[ExportFormat]") -> list[str]:
    owners: dict[ExportFormat, str] = {"kaldi-ark": "kaldiio", "parquet": "pyarrow"}
    return [owners[name] for name in formats if name in owners]


def _parts(run: Run, units: UnitsFrom, repeats: "Repeats", place: Path) -> "Iterator[Part]":
    """Yield what there is to export of each split, one in memory at a time."""
    from datetime import UTC, datetime

    from unitdisc.units.exports import Labels, Part
    from unitdisc.units.segmentation import codebook

    words = codebook(run.trained).numpy()
    utterances, table = run.utterances, run.labels
    meanings, labels = meanings_of(run.units("train", units), table, len(words)), Labels(table)
    for split in run.splits:
        path, sequences = run.units_path(split, units), run.units(split, units)
        _check(sequences, path, len(words), utterances)
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        yield Part(split, sequences, utterances, labels, meanings, words, repeats, place, made)


def _check(
    sequences: "Mapping[str, UnitSequence]", path: Path, codewords: int, utterances: "Mapping[str, Utterance]"
) -> None:
    """Raise InputError for units that are not of this model and corpus."""
    fix = "encode again: unitdisc encode --help"
    for name, sequence in sequences.items():
        if name not in utterances:
            raise InputError(f"utterance {name!r} is not in the corpus", path, fix=fix)
        if sequence.units.size and sequence.units.max() >= codewords:
            raise InputError(
                f"unit {sequence.units.max()} of {name!r} is none of the model's {codewords}", path, fix=fix
            )


def _write_pieces(
    folder: Path,
    model: "PieceModel",
    sequences: "Mapping[str, dict[str, UnitSequence]]",
    words: "pd.DataFrame | None",
    run: Run,
) -> list[SplitScore]:
    """Write the model, its vocabulary, the pieces of every split and their scores, which are returned."""
    from unitdisc import tables
    from unitdisc.units.pieces import PieceRow, VocabularyRow, figures

    with tables.replacing(folder / "pieces.model") as temporary:
        temporary.write_bytes(model.model)
    tables.write(folder / "vocabulary.tsv", model.vocabulary(), VocabularyRow)
    encoded = {split: [model.encode_sequence(s) for s in own.values()] for split, own in sequences.items()}
    scores = []
    for split, found in encoded.items():
        tables.write(folder / f"{split}.pieces.tsv", [sequence.row() for sequence in found], PieceRow)
        for metric, value in figures(sequences[split], found).items():
            scores.append(SplitScore(split, metric, value, nan, nan, len(found)))
    if words is not None:
        at_tokens = {split: {s.utterance: s.at_tokens() for s in found} for split, found in encoded.items()}
        scores += [s for split in sequences for s in word_scores(run, at_tokens, split, words, "")]
        scores += [s for split in sequences for s in word_scores(run, sequences, split, words, "_units")]
    tables.write(folder / "scores.tsv", scores, SplitScore)
    return scores


def _show(columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    typer.echo("\t".join(columns))
    for row in rows:
        typer.echo("\t".join(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
