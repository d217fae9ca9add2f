"""Where a corpus keeps the times of its words: a words.ctm in its data directories."""

from pathlib import Path

from unitdisc.config import AnyCorpus, KaldiCorpus, SampleSpeechCorpus, split_names


def word_files(corpus: AnyCorpus, sample: Path) -> list[Path]:
    """Return the words.ctm (``utterance 1 start duration word``, seconds) of a corpus, one a split that has it.

    ``sample`` is the folder in which a sample corpus was made. Corpora that are no Kaldi data directories have none.
    """
    match corpus:
        case KaldiCorpus(root=root):
            folders = [root / name for name in corpus.splits.values()]
        case SampleSpeechCorpus():
            folders = [sample / split for split in split_names(corpus)]
        case _:
            folders = []
    return [folder / "words.ctm" for folder in folders if (folder / "words.ctm").is_file()]
