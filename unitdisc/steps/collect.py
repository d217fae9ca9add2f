"""The collection step: the scores of all runs in one tidy table."""

from collections.abc import Iterator
from pathlib import Path

from unitdisc import tables
from unitdisc.config import Experiment, ModelSettings
from unitdisc.layout import Results, RunFolder
from unitdisc.records import RunScore, Score
from unitdisc.steps.reads import whole

reads = whole


def run(experiment: Experiment) -> None:
    """Write the scores of all runs."""
    tables.write(Results(experiment.results).scores, collect_scores(experiment), RunScore)


def collect_scores(experiment: Experiment) -> Iterator[RunScore]:
    """Yield the scores of every run of an experiment, in the order of the configuration.

    The tables of ABX and of probes are read where the configuration asks for them.
    """
    results = Results(experiment.results)
    for corpus, models in experiment.runs.items():
        for model in models:
            for seed in experiment.seeds:
                files = results.corpus(corpus).run(model, seed)
                for split in experiment.corpora[corpus].split_names:
                    for path in score_tables(experiment, experiment.models[model], files, split):
                        for score in tables.read_records(path, Score):
                            row = (score.metric, score.value, score.low, score.high, score.n)
                            yield RunScore(corpus, model, seed, split, *row)


def score_tables(experiment: Experiment, model: ModelSettings, files: RunFolder, split: str) -> Iterator[Path]:
    """Yield the tables of scores that a split of a run has by the configuration; the workflow waits for these."""
    scoring = experiment.scoring
    yield files.scores(split)
    if model.learns_labels and split != "train":
        yield files.recognition(split)
    if scoring.abx is not None and split in scoring.abx.splits:
        yield files.abx(split)
    if scoring.probes is not None and split == "test":
        yield files.probes
