"""The sample step: generates an embedded sample corpus."""

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.corpora.reader import SampleCorpus
from unitdisc.errors import InputError
from unitdisc.layout import Results


def run(experiment: Experiment, corpus: str) -> None:
    """Generate a sample corpus in its folder; raises InputError for a corpus of another kind."""
    settings = experiment.corpus(corpus)
    reader = registry.corpora.load(settings.kind)(settings, Results(experiment.results).corpus(corpus).source)
    if not isinstance(reader, SampleCorpus):
        raise InputError(f"a corpus of kind {settings.kind} is read, not made")
    reader.make()
