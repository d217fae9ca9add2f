"""The corpus step: whichever kind a corpus is of, its utterances and labels, checked as a whole."""

from pathlib import Path

from unitdisc.config import (
    AnyCorpus,
    FolderCorpus,
    KaldiCorpus,
    PrecomputedFeatures,
    SampleHandwritingCorpus,
    SampleSpeechCorpus,
    ScribbleLensCorpus,
    split_names,
)
from unitdisc.errors import InputError
from unitdisc.tables import Label, Utterance


def read(corpus: AnyCorpus, sample: Path) -> tuple[list[Utterance], list[Label]]:
    """Read a corpus; ``sample`` is the folder in which a sample corpus was made.

    Raises InputError for whatever the corpus's reader finds wrong, or a split without utterances.
    """
    utterances, labels = _read(corpus, sample)
    filled = {utterance.split for utterance in utterances}
    for split in split_names(corpus):
        if split not in filled:
            where = sample if isinstance(corpus, SampleSpeechCorpus | SampleHandwritingCorpus) else corpus.root
            raise InputError(f"the split {split} has no utterances", where, fix="see the corpus's configuration")
    return utterances, labels


def make_sample(corpus: AnyCorpus, folder: Path) -> None:
    """Make a sample corpus in ``folder``; raises InputError for a corpus of another kind."""
    match corpus:
        case SampleSpeechCorpus():
            from unitdisc.corpora import sample_speech

            sample_speech.synthesise(folder, minutes=corpus.minutes, seed=corpus.seed)
        case SampleHandwritingCorpus():
            from unitdisc.corpora import sample_handwriting

            sample_handwriting.draw(folder, lines=corpus.lines, writers=corpus.writers, seed=corpus.seed)
        case _:
            raise InputError(f"a corpus of kind {corpus.kind} is read, not made")


def _read(corpus: AnyCorpus, sample: Path) -> tuple[list[Utterance], list[Label]]:
    # Each reader is imported where it is used: one that lacks its library fails alone.
    match corpus:
        case KaldiCorpus(root=root):
            from unitdisc.corpora import kaldi

            features = corpus.features
            return kaldi.read(
                root,
                {str(split): name for split, name in corpus.splits.items()},
                alignment=corpus.alignment,
                strip_marks=corpus.strip_marks,
                sample_rate=corpus.sample_rate,
                allow_pipes=corpus.allow_pipes,
                precomputed=features.frame_shift / 1000 if isinstance(features, PrecomputedFeatures) else None,
            )
        case SampleSpeechCorpus():
            from unitdisc.corpora import kaldi

            return kaldi.read(sample, {split: split for split in split_names(corpus)})
        case ScribbleLensCorpus(root=root):
            from unitdisc.corpora import scribblelens

            return scribblelens.read(
                root,
                mode=corpus.mode,
                writers=corpus.writers,
                unsupervised=corpus.unsupervised,
                alignments=corpus.alignments,
                dev=corpus.dev,
                seed=corpus.seed,
            )
        case SampleHandwritingCorpus():
            from unitdisc.corpora import scribblelens

            return scribblelens.read(sample / "scribblelens.corpus.v1.2.zip", seed=corpus.seed)
        case FolderCorpus(root=root):
            from unitdisc.corpora import folder

            return folder.read(
                root,
                "speech" if corpus.features.kind == "speech" else "handwriting",
                {str(split): share for split, share in corpus.splits.items()},
                labels=corpus.labels,
                seed=corpus.seed,
                sample_rate=corpus.sample_rate,
            )
