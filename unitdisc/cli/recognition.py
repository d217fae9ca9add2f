"""The command that scores what a model with objective ctc recognises."""

from unitdisc.cli import app
from unitdisc.cli.runs import run_of
from unitdisc.cli.steps import Config, Corpus, Model, Seed, Splits, Threads


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

    Writes SPLIT.ctc.tsv (scores) and SPLIT.recognised.tsv (the labels and what was recognised) of the run; if no split
    is given, of all but train.

    Example: unitdisc recognise --corpus mboshi --model robust --split test --config workflow/configs/mboshi-ctc.yaml
    """
    import torch

    from unitdisc import tables
    from unitdisc.scores.recognition import Recognised, score_recognition
    from unitdisc.units.encode import classes

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    trained, scoring = run.trained, run.experiment.scoring
    for each in run.chosen(split, of=("dev", "test")):
        scores, texts = score_recognition(
            {path.utterance: path for path in classes(trained, run.features(each), run.speakers)},
            trained.labels,
            run.all_labels,
            exclude=run.settings.exclude,
            never=run.settings.never,
            bootstrap=scoring.bootstrap,
            seed=scoring.confidence_seed,
        )
        tables.write(run.folder / f"{each}.recognised.tsv", texts, Recognised)
        tables.write(run.folder / f"{each}.ctc.tsv", scores, tables.Score)
