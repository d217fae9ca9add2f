"""The sample step: generates an embedded sample corpus."""

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.layout import Results


def run(experiment: Experiment, corpus: str) -> None:
    """Generate a sample corpus in its folder; raises InputError for a corpus of another kind."""
    settings = experiment.corpus(corpus)
    reader = registry.corpora.load(settings.kind)(settings, Results(experiment.results).corpus(corpus).source)
    if not reader.generated:
        raise InputError(f"a corpus of kind {settings.kind} cannot be generated; only sample corpora can")
    reader.make()
