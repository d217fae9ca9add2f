"""What the corpus step and the workflow ask of a corpus; a reader is one module and one line of the registry."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from unitdisc.config import CorpusSettings
from unitdisc.records import Label, Utterance


class CorpusReader(ABC):
    """A corpus of one kind, by its ``settings``; ``source`` is the folder in which a sample corpus is made."""

    Settings: ClassVar[type[CorpusSettings]]

    def __init__(self, settings: Any, source: Path) -> None:
        self.settings, self.source = settings, source

    @abstractmethod
    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read utterances and labels; raises InputError naming file and line for whatever is wrong."""

    @property
    def place(self) -> Path:
        """Where the corpus is, for errors that concern it as a whole."""
        return self.source

    def files(self) -> list[Path]:
        """Return the files that name utterances or labels: the corpus is read anew when one of them changes."""
        return []

    def folder(self) -> Path | None:
        """Return the folder whose content is the corpus, read anew when any file in it comes, goes or changes."""
        return None

    def word_files(self) -> list[Path]:
        """Return the files with times of words (``utterance 1 start duration word``, seconds), as far as there are any."""
        return []


class SampleCorpus(CorpusReader):
    """A corpus that is made in ``source`` before it is read."""

    @abstractmethod
    def make(self) -> None:
        """Make the corpus; the same settings give the same bytes."""

    def files(self) -> list[Path]:
        """Return the folder in which the corpus is made."""
        return [self.source]
