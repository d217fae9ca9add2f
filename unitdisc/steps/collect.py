"""The collection step: the scores of all runs in one table."""

from collections.abc import Iterator

from unitdisc import tables
from unitdisc.checksums import checked, sealing
from unitdisc.config import Experiment
from unitdisc.layout import Results
from unitdisc.records import RunScore, Score
from unitdisc.steps.score_tables import score_tables

score_again = "unitdisc score --help, or recognise, bits, abx-run or probe"


def run(experiment: Experiment) -> None:
    """Write the table of the scores of all runs."""
    path = Results(experiment.results).scores
    with sealing(path):
        tables.write(path, collect_scores(experiment), RunScore)


def collect_scores(experiment: Experiment) -> Iterator[RunScore]:
    """Yield the scores of every run of an experiment, in the order of the configuration.

    Tables of ABX and of probes are read if the configuration asks for them.
    """
    results = Results(experiment.results)
    for corpus, models in experiment.runs.items():
        for model in models:
            for seed in experiment.seeds:
                files = results.corpus(corpus).run(model, seed)
                settings = experiment.corpora[corpus]
                for split in settings.split_names:
                    for path in score_tables(experiment, experiment.models[model], settings.features, files, split):
                        for score in tables.read_records(checked(path, score_again), Score):
                            row = (score.metric, score.value, score.low, score.high, score.n)
                            yield RunScore(corpus, model, seed, split, *row)
