"""The interface of corpus readers; a reader is one module and one line of the registry."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from unitdisc.config import CorpusSettings
from unitdisc.corpora.strays import Strays
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.formats.labels import each_labels
from unitdisc.notices import Notices
from unitdisc.records import Label, Spelling, Utterance

if TYPE_CHECKING:
    import pandas as pd

Listed = TypeVar("Listed")


class CorpusReader(ABC):
    """A corpus of one kind with its ``settings``; ``source`` is the folder in which a ``generated`` one is made."""

    Settings: ClassVar[type[CorpusSettings]]
    generated: ClassVar[bool] = False

    def __init__(self, settings: Any, source: Path) -> None:
        self.settings, self.source = settings, source
        self.notices, self.unreadable, self.strays = Notices(), Unreadable(), Strays()
        self.rates: Counter[int] = Counter()  # sample rates (Hz), by how many recordings have them
        self.spelling_of_name: dict[str, str] = {}  # as in the files, where it differs from the name in the tables
        self.spelling_of_label: dict[str, str] = {}
        self.spelling_of_speaker: dict[str, str] = {}
        self.left_out: set[str] = set()  # utterances without a frame, or of no split

    @abstractmethod
    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read utterances and labels; raises InputError naming file and line for whatever is wrong."""

    def stream(self) -> tuple[list[Utterance], Iterable[Label]]:
        """Read as ``read`` does; labels that may not fit in memory are yielded once."""
        return self.read()

    @property
    def location(self) -> Path:
        """The location of the corpus, for errors that concern it as a whole."""
        return self.source

    @property
    def slack(self) -> float:
        """By how much labels and segments may pass the end of what they label: 1.5 frames, and of speech 0.5 s."""
        features = self.settings.features
        shift: float = features.shift
        slack: float = features.modality.slack
        return max(1.5 * shift, slack)

    def long_enough(self, listed: Mapping[str, Listed], durations: Mapping[str, float]) -> dict[str, Listed]:
        """Return what is ``listed`` without that which is too short for a frame, with a notice as Kaldi gives one."""
        shift = self.settings.features.shift
        short = {name: None for name, duration in durations.items() if round(duration / shift + 1e-9) < 1}
        self.left_out.update(short)
        for name in short:
            what = f"{name!r} has {durations[name]:g} {self.settings.features.modality.times}"
            self.notices.add("utterances that are too short for a frame, left out", what)
        return {name: entry for name, entry in listed.items() if name not in short}

    @property
    def spellings(self) -> list[Spelling]:
        """The names and labels that the files of the corpus spell in another form."""
        kinds = (
            ("name", self.spelling_of_name),
            ("label", self.spelling_of_label),
            ("speaker", self.spelling_of_speaker),
        )
        return [Spelling(kind, plain, text) for kind, of in kinds for plain, text in of.items() if text != plain]

    def settle(self) -> None:
        """Raise InputError for the utterances that cannot be read, or leave them out, as the settings have it."""
        self.unreadable.settle(self.settings.on_bad_utterance, self.location, self.notices)

    def files(self) -> list[Path]:
        """Return the files that list utterances or labels; the corpus is read again when one of them changes."""
        return []

    def sources(self) -> Iterable[Path]:
        """Return the files that ``files`` name; features are computed again when one of them changes."""
        return []

    def folder(self) -> Path | None:
        """Return the folder that is the corpus, read again when a file in it is added, removed or changed; or None."""
        return None

    def word_files(self) -> list[Path]:
        """Return the existing files of word times: lines of ``utterance 1 start duration word``, in seconds."""
        return []

    def words(self, utterances: Collection[Utterance]) -> "dict[Path, Iterable[pd.DataFrame]]":
        """Return the words of utterances with their times, some utterances at a time, for each of ``word_files``."""
        known = {utterance.utterance for utterance in utterances}
        return {path: each_labels(path, known=known) for path in self.word_files()}


class SampleCorpus(CorpusReader):
    """A corpus that is generated in ``source`` before it is read."""

    generated = True

    @abstractmethod
    def make(self) -> None:
        """Generate the corpus; the same settings give the same bytes."""

    def files(self) -> list[Path]:
        """Return the folder in which the corpus is generated."""
        return [self.source]
