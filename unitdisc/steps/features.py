"""The feature step: computes the features of a split into a Kaldi archive and its index."""

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.features import archive
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.steps.corpus_tables import utterances_of
from unitdisc.steps.parts import Part


def run(experiment: Experiment, corpus: str, split: str, *, jobs: int = 1, part: Part | None = None) -> None:
    """Compute the features of a split, or of one ``part`` of it, in ``jobs`` processes."""
    settings, files = experiment.corpus(corpus), Results(experiment.results).corpus(corpus)
    utterances = [utterance for utterance in utterances_of(files) if utterance.split == split]
    ark = files.archive(split)
    if part is not None:
        utterances, ark = list(part.share(utterances)), files.part_archive(split, part)
        if not utterances:  # there are more parts than utterances
            archive.write(ark, [])
            return
    extractor = registry.features.load(settings.features.kind)(settings.features, allow_pipes=settings.pipes)
    extract(utterances, ark, extractor, jobs=jobs, on_bad=settings.on_bad_utterance)
