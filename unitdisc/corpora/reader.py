"""The interface of corpus readers; a reader is one module and one line of the registry."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from unitdisc.config import CorpusSettings
from unitdisc.records import Label, Utterance


class CorpusReader(ABC):
    """A corpus of one kind with its ``settings``; ``source`` is the folder in which a ``generated`` one is made."""

    Settings: ClassVar[type[CorpusSettings]]
    generated: ClassVar[bool] = False

    def __init__(self, settings: Any, source: Path) -> None:
        self.settings, self.source = settings, source

    @abstractmethod
    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read utterances and labels; raises InputError naming file and line for whatever is wrong."""

    @property
    def location(self) -> Path:
        """The location of the corpus, for errors that concern it as a whole."""
        return self.source

    def files(self) -> list[Path]:
        """Return the files that list utterances or labels; the corpus is read again when one of them changes."""
        return []

    def folder(self) -> Path | None:
        """Return the folder that is the corpus, read again when a file in it is added, removed or changed; or None."""
        return None

    def word_files(self) -> list[Path]:
        """Return the existing files of word times: lines of ``utterance 1 start duration word``, in seconds."""
        return []


class SampleCorpus(CorpusReader):
    """A corpus that is generated in ``source`` before it is read."""

    generated = True

    @abstractmethod
    def make(self) -> None:
        """Generate the corpus; the same settings give the same bytes."""

    def files(self) -> list[Path]:
        """Return the folder in which the corpus is generated."""
        return [self.source]
