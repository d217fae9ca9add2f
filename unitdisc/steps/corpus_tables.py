"""The tables of a corpus, as the steps after it read them."""

from collections.abc import Collection, Iterator

from unitdisc import tables
from unitdisc.checksums import checked
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import CorpusFolder
from unitdisc.records import Utterance

corpus_again = "unitdisc corpus --help"


def utterances_of(files: CorpusFolder) -> list[Utterance]:
    """Read the utterances of a corpus; raises InputError as ``each_utterance`` does."""
    return list(each_utterance(files))


def each_utterance(files: CorpusFolder) -> Iterator[Utterance]:
    """Yield the utterances of a corpus as they are read.

    Raises InputError for one that occurs twice, or a table that was changed.
    """
    names: set[str] = set()
    for line, row in enumerate(tables.each_record(checked(files.utterances, corpus_again), Utterance), start=2):
        if row.utterance in names:
            what, fix = f"utterance {row.utterance!r} occurs twice", f"read the corpus again: {corpus_again}"
            raise InputError(what, files.utterances, line, fix)
        names.add(row.utterance)
        yield row


def speakers_of(files: CorpusFolder) -> dict[str, str]:
    """Read the speaker of each utterance, by name, and nothing else; raises InputError as ``each_utterance`` does."""
    return {row.utterance: row.speaker for row in each_utterance(files)}


def indexed_labels(files: CorpusFolder, ignore: Collection[str] = ()) -> LabelIndex:
    """Open the labels of a corpus, without those to ``ignore``; raises InputError for a table that was changed."""
    return LabelIndex(checked(files.labels, corpus_again), ignore)
