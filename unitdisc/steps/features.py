"""The feature step: computes the features of a split into a Kaldi archive and its index."""

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.steps.corpus_tables import utterances_of
from unitdisc.steps.parts import Part, clear_parts


def run(experiment: Experiment, corpus: str, split: str, *, jobs: int = 1, part: Part | None = None) -> None:
    """Compute the features of a split, or of one ``part`` of it, in ``jobs`` processes."""
    settings, files = experiment.corpus(corpus), Results(experiment.results).corpus(corpus)
    utterances = [utterance for utterance in utterances_of(files) if utterance.split == split]
    ark = files.archive(split)
    if part is not None:
        utterances, ark = list(part.share(utterances)), files.part_archive(split, part)
    extractor = registry.features.load(settings.features.kind)(settings.features, allow_pipes=settings.pipes)
    of_part, on_bad = part is not None, settings.on_bad_utterance
    extract(utterances, ark, extractor, jobs=jobs, on_bad=on_bad, of_part=of_part)
    if part is None:
        clear_parts(files.part_archive(split, "").parent, split)
