"""The corpus step: reads a corpus into utterances.tsv and labels.tsv, and checks it as a whole."""

from collections.abc import Iterable
from pathlib import Path

from unitdisc import registry, tables
from unitdisc.checksums import sealing
from unitdisc.config import CorpusSettings, Experiment
from unitdisc.errors import InputError
from unitdisc.layout import Results
from unitdisc.records import Label, Spelling, Utterance


def run(experiment: Experiment, corpus: str) -> None:
    """Read a corpus and write its two tables."""
    files = Results(experiment.results).corpus(corpus)
    utterances, labels, spellings = read(experiment.corpus(corpus), files.source)
    with sealing(files.labels, files.spellings, files.utterances):
        tables.write(files.labels, labels, Label)
        tables.write(files.spellings, spellings, Spelling)
        tables.write(files.utterances, utterances, Utterance)


def read(settings: CorpusSettings, source: Path) -> tuple[list[Utterance], Iterable[Label], list[Spelling]]:
    """Read a corpus; ``source`` is the folder in which a sample corpus was generated.

    Raises InputError for whatever the reader reports, or for a split without utterances.
    """
    reader = registry.corpora.load(settings.kind)(settings, source)
    utterances, labels = reader.stream()
    reader.settle()
    reader.notices.say()
    present = {utterance.split for utterance in utterances}
    for split in settings.split_names:
        if split not in present:
            raise InputError(
                f"the split {split} has no utterances", reader.location, fix="see the corpus's configuration"
            )
    return utterances, labels, reader.spellings
