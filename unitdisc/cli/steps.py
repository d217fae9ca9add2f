"""Commands that run one step of the workflow, on the files of the workflow."""

from typing import Annotated

import typer

from unitdisc.cli import app
from unitdisc.cli.options import Config, Corpus, Jobs, Model, PartOf, Seed, Splits, Threads


@app.command()
def sample(corpus: Corpus, config: Config = "config.yaml") -> None:
    """Generate an embedded sample corpus in results/CORPUS/source.

    Example: unitdisc sample --corpus sample-speech
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import sample as step

    step.run(read_config(config), corpus)


@app.command()
def corpus(
    corpus: Corpus,
    config: Config = "config.yaml",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; print what was understood: splits, speakers, labels.")
    ] = False,
) -> None:
    """Read a corpus into utterances.tsv and labels.tsv, and check it as a whole.

    Example: unitdisc corpus --corpus mboshi --config workflow/configs/mboshi.yaml --dry-run
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import corpus as step
    from unitdisc.steps import corpus_summary as summary

    if dry_run:
        typer.echo("\n".join(summary.run(read_config(config), corpus)))
    else:
        step.run(read_config(config), corpus)


@app.command()
def features(
    corpus: Corpus, split: Splits = None, config: Config = "config.yaml", jobs: Jobs = 1, part: PartOf = None
) -> None:
    """Compute the features of splits, by default all, and write a Kaldi archive and its index for each.

    Example: unitdisc features --corpus sample-speech --jobs 2
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import features as step
    from unitdisc.steps.parts import read_part

    step.run(read_config(config), corpus, split, jobs=jobs, part=read_part(part) if part else None)


@app.command()
def join(
    corpus: Corpus,
    parts: Annotated[int, typer.Option(min=1, help="Number of parts.")],
    model: Annotated[str | None, typer.Option(help="Join the units of this model; without it, features.")] = None,
    abx: Annotated[bool, typer.Option("--abx", help="Join the ABX of the model instead of its units.")] = False,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
) -> None:
    """Join parts of features, of units, or of ABX, to the file of each split, as if one command had made it.

    Example: unitdisc join --corpus sample-speech --split train --parts 3
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import join as step
    from unitdisc.steps.run import find_run

    if model is not None:
        (step.run_abx if abx else step.run_units)(find_run(config, corpus, model, seed), split, of=parts)
    else:
        step.run_features(read_config(config), corpus, split, of=parts)


@app.command()
def activity(corpus: Corpus, config: Config = "config.yaml") -> None:
    """Write to activity.tsv which share of the frames is active, that is, speech or ink.

    Example: unitdisc activity --corpus sample-speech
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import activity as step

    step.run(read_config(config), corpus)


@app.command()
def train(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of all processes together; default: as in the model's settings."),
    ] = None,
) -> None:
    """Train a model on a corpus; an interrupted training continues where it was saved.

    Example: unitdisc train --corpus sample-speech --model vq --seed 0
    """
    import sys

    from unitdisc.steps import train as step
    from unitdisc.steps.run import find_run

    code = step.run(find_run(config, corpus, model, seed), threads=threads, arguments=sys.argv[1:])
    if code:
        raise typer.Exit(code)


@app.command()
def score(corpus: Corpus, model: Model, split: Splits = None, seed: Seed = 0, config: Config = "config.yaml") -> None:
    """Score the units of splits, by default all, with mappings to labels fitted on the split itself and on train.

    Example: unitdisc score --corpus sample-speech --model vq --split test
    """
    from unitdisc.steps import score as step
    from unitdisc.steps.run import find_run

    step.run(find_run(config, corpus, model, seed), split)


@app.command()
def recognise(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
) -> None:
    """Score the labels that a model with objective ctc recognises: their error rate, by greedy decoding.

    Writes SPLIT.ctc.tsv (scores) and SPLIT.recognised.tsv (reference and recognised labels) of the run; by default of
    all splits but train.

    Example: unitdisc recognise --corpus mboshi --model robust --split test --config workflow/configs/mboshi-ctc.yaml
    """
    from unitdisc.steps import recognise as step
    from unitdisc.steps.run import find_run

    step.run(find_run(config, corpus, model, seed), split, threads=threads)


@app.command()
def bits(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
) -> None:
    """Score a model whose decoder states a likelihood by the bits that it takes to write each value down.

    Writes SPLIT.bits.tsv of the run (docs/metrics.md); by default of all splits but train. The units of train must be
    encoded, as they say how often each unit occurs.

    Example: unitdisc bits --corpus unipen --model robust --split test --config workflow/configs/unipen-pixelcnn.yaml
    """
    from unitdisc.steps import bits as step
    from unitdisc.steps.run import find_run

    step.run(find_run(config, corpus, model, seed), split, threads=threads)


@app.command()
def fidelity(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
) -> None:
    """Score the reconstructions of a model: how near they come, and what of labels and voices they keep.

    Writes SPLIT.fidelity.tsv of the run (docs/reconstruction.md); by default of all splits but train.

    Example: unitdisc fidelity --corpus sample-speech --model kmeans --split test
    """
    from unitdisc.steps import fidelity as step
    from unitdisc.steps.run import find_run

    step.run(find_run(config, corpus, model, seed), split, threads=threads)


@app.command("abx-run")
def abx_run(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
    part: Annotated[
        str | None,
        typer.Option(help="Compare only this part of the pairs of labels, such as 2-of-3; see unitdisc join --abx."),
    ] = None,
) -> None:
    """Score the features, encoder output, codes and units of splits by ABX, side by side (docs/abx.md).

    By default the splits are scoring.abx.splits of the configuration.

    Example: unitdisc abx-run --corpus sample-speech --model vq --split test
    """
    from unitdisc.steps import abx as step
    from unitdisc.steps.parts import read_part
    from unitdisc.steps.run import find_run

    chosen = read_part(part) if part else None
    step.run(find_run(config, corpus, model, seed), split, threads=threads, part=chosen)


@app.command()
def probe(corpus: Corpus, model: Model, seed: Seed = 0, config: Config = "config.yaml", threads: Threads = 1) -> None:
    """Score how well a linear and a two-layer classifier predict labels from features, encoder output and codes.

    Trains on train, stops early by dev, scores on test, and writes probe.scores.tsv of the run (docs/metrics.md).

    Example: unitdisc probe --corpus sample-speech --model vq --seed 0
    """
    from unitdisc.steps import probe as step
    from unitdisc.steps.run import find_run

    step.run(find_run(config, corpus, model, seed), threads=threads)


@app.command()
def collect(config: Config = "config.yaml") -> None:
    """Collect the scores of all runs in results/scores.tsv.

    Example: unitdisc collect --config config.yaml
    """
    from unitdisc.config.load import read_config
    from unitdisc.steps import collect as step

    step.run(read_config(config))
