"""Commands that run one step of the path from a corpus to scores, in the files that the workflow uses."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unitdisc.cli import app
from unitdisc.cli.runs import run_of

if TYPE_CHECKING:
    from unitdisc.config import Experiment

Config = Annotated[str, typer.Option(help="The configuration, a YAML file (or JSON text).")]
Corpus = Annotated[str, typer.Option(help="Name of the corpus in the configuration.")]
Model = Annotated[str, typer.Option(help="Name of the model in the configuration.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the run.")]
Split = Annotated[str, typer.Option(help="train, dev or test.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", help="train, dev or test; for several give it several times.", show_default=False),
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads; the results of a CPU belong to their number.")]


@app.command()
def sample(corpus: Corpus, config: Config = "config.yaml") -> None:
    """Make an embedded sample corpus in results/CORPUS/source.

    Example: unitdisc sample --corpus sample-speech
    """
    from unitdisc.corpora.read import make_sample

    experiment = _experiment(config)
    make_sample(experiment.corpus(corpus), experiment.results / corpus / "source")


@app.command()
def corpus(corpus: Corpus, config: Config = "config.yaml") -> None:
    """Read a corpus into utterances.tsv and labels.tsv, and check it as a whole.

    Example: unitdisc corpus --corpus mboshi --config workflow/configs/mboshi.yaml
    """
    from unitdisc import tables
    from unitdisc.corpora.read import read

    experiment = _experiment(config)
    folder = experiment.results / corpus
    utterances, labels = read(experiment.corpus(corpus), folder / "source")
    tables.write(folder / "labels.tsv", labels, tables.Label)
    tables.write(folder / "utterances.tsv", utterances, tables.Utterance)


@app.command()
def features(corpus: Corpus, split: Split, config: Config = "config.yaml", jobs: Jobs = 1) -> None:
    """Compute the features of a split into a Kaldi archive and its index.

    Example: unitdisc features --corpus sample-speech --split train --jobs 2
    """
    from unitdisc import tables
    from unitdisc.features.extract import extract

    experiment = _experiment(config)
    settings = experiment.corpus(corpus)
    folder = experiment.results / corpus
    known = tables.read_records(folder / "utterances.tsv", tables.Utterance)
    utterances = [utterance for utterance in known if utterance.split == split]
    allow_pipes = getattr(settings, "allow_pipes", ())
    extract(utterances, folder / "features" / f"{split}.ark", settings.features, allow_pipes=allow_pipes, jobs=jobs)


@app.command()
def train(
    corpus: Corpus,
    model: Model,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, help="Threads of all processes together; if not given, as many as the model's training says."
        ),
    ] = None,
) -> None:
    """Train a model on a corpus; an interrupted training goes on from its last epoch.

    Example: unitdisc train --corpus sample-speech --model vq --seed 0
    """
    import sys

    import torch

    from unitdisc.config import VQModel
    from unitdisc.training import processes
    from unitdisc.training.fit import fit

    run = run_of(config, corpus, model, seed)
    chosen = run.experiment.model(model)
    learnt = False
    if isinstance(chosen, VQModel):
        plan, learnt = chosen.training, chosen.recognises
        code = processes.launch(plan.processes, sys.argv[1:])
        if code is not None:
            raise typer.Exit(code)
        threads = threads or plan.processes * plan.threads
    torch.set_num_threads(processes.share(threads or 1))
    fit(
        chosen,
        run.settings.features,
        {split: run.features_path(split) for split in run.splits if split != "test"},
        list(run.utterances.values()),
        run.folder,
        seed=seed,
        labels=run.all_labels if learnt else None,
        never=run.settings.never,
    )


@app.command()
def encode(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
) -> None:
    """Encode splits, if none is given all, into their unit sequences.

    Example: unitdisc encode --corpus sample-speech --model vq --split test
    """
    import torch

    from unitdisc import tables
    from unitdisc.units.encode import encode as encode_archive

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    for each in run.chosen(split):
        units = encode_archive(run.trained, run.features(each), run.speakers)
        tables.write_units(run.units_path(each, "encoded"), units)


@app.command()
def score(corpus: Corpus, model: Model, split: Splits = None, seed: Seed = 0, config: Config = "config.yaml") -> None:
    """Score the units of splits, if none is given of all, with mappings to labels fitted on each and on train.

    Example: unitdisc score --corpus sample-speech --model vq --split test
    """
    from unitdisc import tables
    from unitdisc.scores.run import score_run

    run = run_of(config, corpus, model, seed)
    splits = run.chosen(split)
    units = {name: run.units(name, "encoded") for name in {*splits, "train"}}
    for each in splits:
        scores = score_run(units, run.labels, each, run.settings, run.experiment.scoring)
        tables.write(run.folder / f"{each}.scores.tsv", scores, tables.Score)


@app.command()
def collect(config: Config = "config.yaml") -> None:
    """Gather the scores of all runs into results/scores.tsv.

    Example: unitdisc collect --config config.yaml
    """
    from unitdisc import tables
    from unitdisc.scores import collection

    experiment = _experiment(config)
    tables.write(experiment.results / "scores.tsv", collection.gather(experiment), collection.RunScore)


@app.command()
def scores(
    results: Annotated[Path, typer.Argument(help="Folder of results.")] = Path("results"),
    split: Annotated[str, typer.Option(help="Split to show: train, dev or test.")] = "test",
) -> None:
    """Print the main scores of all runs, with the mean and range over seeds, then ABX and probes; where the report is.

    Example: unitdisc scores results
    """
    from unitdisc import tables
    from unitdisc.scores import collection

    found = tables.read(results / "scores.tsv", collection.RunScore)
    typer.echo(collection.summary(found, split))
    if stages := collection.stages(found, split):
        typer.echo(f"\n{stages}")
    if (results / "report.html").exists():
        typer.echo(f"\nreport: {results / 'report.html'}")


def _experiment(config: str) -> "Experiment":
    from unitdisc.configfile import load

    return load(config)
