"""A folder of recordings or line images: one sub-folder per speaker, splits sampled by share and seed."""

import math
import random
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from unitdisc.choices import silences
from unitdisc.config import AnyFeatures, InOrder, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.folder_labels import LabelledSettings, read_aligned, tell_of_labels_beside
from unitdisc.corpora.reader import CorpusReader
from unitdisc.corpora.speakers import SpeakerRule, speaker_of
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import audio, line_images
from unitdisc.formats.labels import label_files
from unitdisc.formats.text import digits, plain_name
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality, modalities
from unitdisc.records import Label, Utterance


class FolderSettings(LabelledSettings):
    """A folder of recordings or line images, one sub-folder per speaker or writer."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images")

    kind: Literal["folder"] = "folder"
    root: Path = Field(description="The folder.")
    speaker: SpeakerRule = Field(
        1,
        description="The folder that is the speaker: 1 is the first below `root`, -1 the innermost; or a regular "
        "expression, whose group (or whole match) in the path below `root` is the speaker.",
    )
    splits: Annotated[dict[Split, float], InOrder] = Field(
        {"train": 0.8, "dev": 0.1, "test": 0.1}, description="Share of the files per split, regardless of speaker."
    )
    seed: int = Field(0, ge=0, description="Seed of the random split.")
    exclude: tuple[str, ...] = Field((*silences, "_"), description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech or handwriting.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that have a share."""
        return tuple(self.splits)


class FolderCorpus(CorpusReader):
    """Reads a folder of recordings or line images."""

    Settings = FolderSettings
    settings: FolderSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read every recording or image below the root, and the labels of these.

        Without a setting, its first sub-folder is the speaker, and a file directly in the root is its own speaker. An
        utterance is named by the rule of ``utterance_names``. Raises InputError for files, shares or labels that do
        not fit.
        """
        root, modality = self.settings.root, self.settings.features.modality
        if not root.is_dir():
            raise InputError("no such folder", root)
        present = below(root, self.notices)
        files = [path for path in present if path.suffix.lower() in modality.endings]
        if not files:
            raise InputError(f"holds no {modality.name} files", root, fix=_other_modality(present, modality))
        names = named(files, root)
        _check_names(names, root)
        for name, path in names.items():
            self.spelling_of_name[name] = re.sub(r"\s", "_", "-".join(path.relative_to(root).with_suffix("").parts))
        shares = {str(split): share for split, share in self.settings.splits.items()}
        chosen = _split(list(names), shares, self.settings.seed)
        durations = {}
        for name, path in names.items():
            with self.unreadable.caught(name):
                durations[name] = self._duration(path)
        self.settle()
        durations = self.long_enough(durations, durations)
        utterances = [
            Utterance(name, chosen[name], self._speaker_of(name, names[name]), str(names[name]), duration)
            for name, duration in durations.items()
        ]
        if self._aligned is None:
            tell_of_labels_beside(present, self.notices)
            return utterances, []
        return utterances, read_aligned(self, self._aligned, durations)

    @property
    def location(self) -> Path:
        """The folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the file of labels, if it exists."""
        return [path for path in (self._aligned,) if path is not None and path.is_file()]

    def sources(self) -> list[Path]:
        """Return the recordings or images, and the files of a folder of labels."""
        root, labels, endings = self.settings.root, self._aligned, self.settings.features.modality.endings
        recordings = below(root) if root.is_dir() else []
        aligned = label_files(labels, self.settings.label_format) if labels is not None and labels.is_dir() else []
        return [*(path for path in recordings if path.suffix.lower() in endings), *aligned]

    @property
    def _aligned(self) -> Path | None:
        """The file or folder of labels."""
        return self.settings.root if self.settings.labels == "beside" else self.settings.labels

    def _speaker_of(self, name: str, path: Path) -> str:
        root, rule = self.settings.root, self.settings.speaker
        return _speaker(path.relative_to(root), name) if rule == 1 else speaker_of(path.relative_to(root), rule, root)

    def _duration(self, path: Path) -> float:
        """Return the duration of a recording in seconds, or the width of an image in columns."""
        if self.settings.features.needs == "images":
            line_images.check(str(path))
            return round(line_images.probe(str(path))[0], digits)
        duration, rate = audio.probe(str(path), notices=self.notices)
        if self.settings.sample_rate not in (None, rate):
            what = f"has a sample rate of {rate} Hz, but the corpus requires {self.settings.sample_rate} Hz"
            raise InputError(what, path)
        return round(duration, digits)


def _other_modality(files: Iterable[Path], modality: Modality) -> str:
    """Return a hint: the features that suit the files present, or the suffixes that were expected."""
    present = {path.suffix.lower() for path in files}
    for other in modalities.values():
        if present & other.endings:
            return f"there are {other.name} files: set features: {{kind: {other.features['kind']}}}"
    return f"their endings are {', '.join(sorted(modality.endings))}"


def _check_names(names: Mapping[str, Path], root: Path) -> None:
    """Raise InputError for a name with control characters, or with bytes that are not UTF-8."""
    for name, path in names.items():
        if {unicodedata.category(character) for character in name} & {"Cc", "Cs"}:
            raise InputError(f"has characters in its name that cannot be written: {path.name!a}", root)


def _speaker(relative: Path, name: str) -> str:
    return plain_name(relative.parts[0]) if len(relative.parts) > 1 else name


def _split(names: list[str], splits: Mapping[str, float], seed: int) -> dict[str, str]:
    """Assign every name to a split at random, by share; each split gets at least one utterance."""
    total = sum(splits.values())
    if not 0 < total < math.inf or min(splits.values()) <= 0:
        raise InputError(f"splits {dict(splits)} are not shares above 0")
    if len(names) < len(splits):
        raise InputError(f"{len(names)} files cannot fill {len(splits)} splits")
    shuffled = sorted(names)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    chosen: dict[str, str] = {}
    remaining, remaining_share = shuffled, total
    for number, (split, share) in enumerate(splits.items(), start=1):
        count = max(1, min(round(len(remaining) * share / remaining_share), len(remaining) - (len(splits) - number)))
        count = len(remaining) if number == len(splits) else count
        chosen |= dict.fromkeys(remaining[:count], split)
        remaining, remaining_share = remaining[count:], remaining_share - share
    return chosen
