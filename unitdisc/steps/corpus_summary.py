"""What was understood of a corpus, in about ten lines, without writing anything: ``unitdisc corpus --dry-run``."""

from collections import Counter
from collections.abc import Iterator, Sequence

from unitdisc import registry
from unitdisc.config import CorpusSettings, Experiment
from unitdisc.corpora.reader import CorpusReader
from unitdisc.formats.text import counted
from unitdisc.layout import Results
from unitdisc.modality import Modality
from unitdisc.records import Label, Utterance

shown = 4  # names of a kind that a line lists
stops = "a run stops there"


def run(experiment: Experiment, corpus: str) -> list[str]:
    """Read a corpus as a run does, and return what it is; faults that stop a run are counted where that is possible.

    Raises InputError for other faults.
    """
    settings = experiment.corpus(corpus)
    source = Results(experiment.results).corpus(corpus).source
    reader: CorpusReader = registry.corpora.load(settings.kind)(settings, source)
    reader.unreadable.counted = reader.strays.counted = True
    utterances, labels = reader.read()
    reader.notices.say()
    return list(_lines(corpus, settings, reader, utterances, labels))


def _lines(
    corpus: str,
    settings: CorpusSettings,
    reader: CorpusReader,
    utterances: Sequence[Utterance],
    labels: Sequence[Label],
) -> Iterator[str]:
    modality = settings.features.modality
    yield f"corpus {corpus}: {settings.kind} at {reader.location}, read as {modality.name}"
    lengths = [f"{of(utterance.duration for utterance in utterances):g}" for of in (min, max) if utterances]
    spread = f"; each {' to '.join(dict.fromkeys(lengths))} {modality.times}" if lengths else ""
    yield f"all: {_size(utterances, modality)}{spread}"
    if reader.rates:
        rates = (f"{rate} Hz ({counted(count, modality.sources)})" for rate, count in reader.rates.most_common())
        yield f"sample rates: {', '.join(rates)}"
    yield from _split_lines(settings, utterances)
    yield from _label_lines(utterances, labels)
    if transcribed := sum(bool(utterance.text) for utterance in utterances):
        yield f"transcribed: {transcribed:,} of {counted(len(utterances), 'utterances')}"
    if reader.strays.labels:
        names = list(reader.strays.labels)
        yield f"labels of no utterance: {counted(reader.strays.labels.total(), 'labels')} of {_listed(names)}; {stops}"
    if reader.strays.strangers:
        names = sorted(reader.strays.strangers)
        others = counted(len(names), "utterances")
        yield f"labels of other utterances, left out: those of {others}: {_listed(names)}"
    errors = list(reader.unreadable.errors.values())
    if errors:
        policy = stops if settings.on_bad_utterance == "stop" else "left out"
        yield f"cannot be read: {len(errors):,}; {policy} (first: {errors[0]})"


def _split_lines(settings: CorpusSettings, utterances: Sequence[Utterance]) -> Iterator[str]:
    """Yield a line per split, and one on the speakers that are in several."""
    modality, splits_of = settings.features.modality, dict[str, set[str]]()
    for utterance in utterances:
        splits_of.setdefault(utterance.speaker, set()).add(utterance.split)
    for split in settings.split_names:
        own = [utterance for utterance in utterances if utterance.split == split]
        speakers = counted(len({utterance.speaker for utterance in own}), "speakers")
        yield f"{split}: {_size(own, modality)}, {speakers}" if own else f"{split}: nothing; {stops}"
    several = sorted(speaker for speaker, splits in splits_of.items() if len(splits) > 1)
    shared = f"{_listed(several)} in more than one split" if several else "none in more than one split"
    yield f"speakers: {len(splits_of):,}, {shared}"


def _label_lines(utterances: Sequence[Utterance], labels: Sequence[Label]) -> Iterator[str]:
    """Yield how far labels cover the corpus, and which utterances have none."""
    if not labels:
        yield "labels: none"
        return
    labelled = {label.utterance for label in labels}
    spans = sum(label.end - label.start for label in labels)
    covered = spans / sum(utterance.duration for utterance in utterances)
    counts = Counter(label.label for label in labels)
    frequent = (f"{label} {count / len(labels):.0%}" for label, count in counts.most_common(shown))
    yield f"labels: {counted(len(labels), 'labels')} of {counted(len(counts), 'kinds')}, on {covered:.1%} of the time"
    yield f"most frequent labels: {', '.join(frequent)}"
    bare = [utterance.utterance for utterance in utterances if utterance.utterance not in labelled]
    without = f"; without: {_listed(bare)}" if bare else ""
    yield f"labelled: {len(labelled):,} of {counted(len(utterances), 'utterances')}{without}"


def _size(utterances: Sequence[Utterance], modality: Modality) -> str:
    whole = sum(utterance.duration for utterance in utterances)
    unit, length, digits = modality.grand_total if whole >= modality.grand_total[1] else modality.total
    return f"{counted(len(utterances), 'utterances')}, {whole / length:,.{digits}f} {unit}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return f"{', '.join(names[:shown])}{more}"
