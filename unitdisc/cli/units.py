"""Commands for the units of a run: exports, acoustic pieces and segmentation."""

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated, Any

import typer

from unitdisc import metrics
from unitdisc.choices import PieceAlgorithm, RepeatsWritten, UnitsFrom
from unitdisc.cli import app
from unitdisc.cli.options import Config, Corpus, Model, Seed, Threads, names, overridden

Out = Annotated[Path | None, typer.Option(help="Folder to write; an earlier export there is replaced.")]
Units = Annotated[UnitsFrom | None, typer.Option(help="Units as encoded, or after unitdisc segment.")]


@app.command()
def export(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    formats: Annotated[str | None, typer.Option(help="Formats, separated by commas: jsonl,parquet.")] = None,
    repeats: Annotated[RepeatsWritten | None, typer.Option(help="Repeats of a unit.")] = None,
    units: Units = None,
    language: Annotated[str | None, typer.Option(help="Code (ISO 639-3) in the names of discophon's files.")] = None,
    out: Out = None,
) -> None:
    """Write the units of every split of a run in the formats of other programs (docs/exports.md).

    Writes exports/units in the run's folder: a folder per format, and manifest.json, which describes how they were
    made. Other settings are those of the section exports of the configuration.

    Example: unitdisc export --corpus sample-speech --model vq --formats jsonl,textgrid --repeats both
    """
    from unitdisc.steps import export as step
    from unitdisc.steps.run import find_run

    run = find_run(config, corpus, model, seed)
    options: dict[str, Any] = {"formats": names(formats) if formats else None, "repeats": repeats, "units": units}
    options["language"] = language
    settings = overridden(run.experiment.exports, **options)
    folder, written = step.run(run, settings, strict=bool(formats), out=out)
    typer.echo(f"{folder}: {', '.join(written)}")


@app.command()
def segment(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    weight: Annotated[float | None, typer.Option(min=0, help="Penalty per segment, in mean distances.")] = None,
    threads: Threads = 1,
    out: Out = None,
) -> None:
    """Join tokens into fewer, longer segments of the same codewords (docs/exports.md).

    Writes SPLIT.segments.units.tsv, one unit per token as in SPLIT.units.tsv, and scores.tsv, the scores before and
    after. Other settings are those of the section segmentation of the configuration.

    Example: unitdisc segment --corpus sample-speech --model vq --weight 0.5
    """
    from unitdisc.config import Segmentation
    from unitdisc.steps import segment as step
    from unitdisc.steps.run import find_run

    run = find_run(config, corpus, model, seed)
    settings = overridden(run.experiment.segmentation or Segmentation(), weight=weight)
    changes = step.run(run, settings, threads=threads, out=out)
    _show(
        ["split", "metric", "before", "after"],
        [astuple(c)[:4] for c in changes if c.metric in metrics.segments_terminal],
    )


@app.command()
def pieces(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    algorithm: Annotated[PieceAlgorithm | None, typer.Option(help="Algorithm of sentencepiece.")] = None,
    vocabulary: Annotated[int | None, typer.Option(min=2, help="Size of the vocabulary.")] = None,
    words: Annotated[Path | None, typer.Option(help="Word times (CTM, TextGrid, labels.tsv) to score with.")] = None,
    units: Units = None,
    threads: Threads = 1,
    out: Out = None,
) -> None:
    """Train acoustic pieces on the collapsed units of train, encode every split, and score the pieces.

    Writes pieces.model (sentencepiece), vocabulary.tsv, SPLIT.pieces.tsv and scores.tsv (docs/exports.md). Other
    settings are those of the section pieces of the configuration.

    Example: unitdisc pieces --corpus sample-handwriting --model vq-lines --algorithm unigram --vocabulary 600
    """
    from unitdisc.config import Pieces
    from unitdisc.steps import pieces as step
    from unitdisc.steps.run import find_run

    run = find_run(config, corpus, model, seed)
    section = run.experiment.pieces or Pieces()
    by_corpus = {**section.words, **({corpus: words} if words else {})}
    settings = overridden(section, algorithm=algorithm, vocabulary=vocabulary, units=units, words=by_corpus)
    scores = step.run(run, settings, threads=threads, out=out)
    _show(["split", "metric", "value"], [astuple(s)[:3] for s in scores if s.metric in metrics.pieces_shown])


def _show(columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    typer.echo("\t".join(columns))
    for row in rows:
        typer.echo("\t".join(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
