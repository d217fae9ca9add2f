"""The feature step: computes the features of a split into a Kaldi archive and its index."""

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.steps.corpus_tables import utterances_of


def run(experiment: Experiment, corpus: str, split: str, *, jobs: int = 1) -> None:
    """Compute the features of a split, in ``jobs`` processes."""
    settings, files = experiment.corpus(corpus), Results(experiment.results).corpus(corpus)
    utterances = [utterance for utterance in utterances_of(files) if utterance.split == split]
    extractor = registry.features.load(settings.features.kind)(settings.features, allow_pipes=settings.pipes)
    extract(utterances, files.archive(split), extractor, jobs=jobs, on_bad=settings.on_bad_utterance)
