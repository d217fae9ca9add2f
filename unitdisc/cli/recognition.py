"""The command that scores what a model with objective ctc recognises."""

from unitdisc.cli import app
from unitdisc.cli.runs import run_of
from unitdisc.cli.steps import Config, Corpus, Model, Seed, Split, Threads


@app.command()
def recognise(
    corpus: Corpus, model: Model, split: Split, seed: Seed = 0, config: Config = "config.yaml", threads: Threads = 1
) -> None:
    """Score the labels that a model with objective ctc recognises: their error rate, by greedy decoding.

    Writes SPLIT.ctc.tsv (scores) and SPLIT.recognised.tsv (the labels and what was recognised) of the run.

    Example: unitdisc recognise --corpus mboshi --model robust --split test --config workflow/configs/mboshi-ctc.yaml
    """
    import torch

    from unitdisc import tables
    from unitdisc.features.archive import Archive
    from unitdisc.scores.recognition import Recognised, score_recognition
    from unitdisc.units.encode import classes

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    trained, scoring = run.trained(), run.experiment.scoring
    speaker = {name: utterance.speaker for name, utterance in run.utterances().items()}
    archive = Archive(run.corpus_folder / "features" / f"{split}.scp")
    scores, texts = score_recognition(
        {path.utterance: path for path in classes(trained, archive, speaker)},
        trained.labels,
        tables.read(run.corpus_folder / "labels.tsv", tables.Label),
        exclude=run.settings.exclude,
        never=run.settings.never,
        bootstrap=scoring.bootstrap,
        seed=scoring.confidence_seed,
    )
    tables.write(run.folder / f"{split}.recognised.tsv", texts, Recognised)
    tables.write(run.folder / f"{split}.ctc.tsv", scores, tables.Score)
