"""A folder of recordings or images: one sub-folder per speaker, splits by share and seed, or as they are given."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from unitdisc.choices import silences
from unitdisc.config import AnyFeatures, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.folder_labels import LabelledSettings, of_folders, read_aligned, tell_of_labels_beside
from unitdisc.corpora.folder_splits import FolderSplitSettings, below_splits, drawn_splits, given_splits
from unitdisc.corpora.image_lengths import image_length
from unitdisc.corpora.reader import CorpusReader
from unitdisc.corpora.speakers import SpeakerRule, speaker_of
from unitdisc.corpora.transcripts import transcript_files, transcripts
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import audio
from unitdisc.formats.labels import label_files
from unitdisc.formats.text import digits, is_writable, plain_name
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality, modalities
from unitdisc.records import Label, Utterance


class FolderSettings(LabelledSettings, FolderSplitSettings):
    """A folder of recordings, line images or colour images, one sub-folder per speaker, writer or class."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images", "colour images")

    kind: Literal["folder"] = "folder"
    speaker: SpeakerRule = Field(
        1,
        description="The folder that is the speaker: 1 is the first below `root` or below the sub-folder of its "
        "split, -1 the innermost; or a regular expression, whose group (or whole match) in the path below `root` is "
        "the speaker.",
    )
    exclude: tuple[str, ...] = Field((*silences, "_"), description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    features: AnyFeatures = Field(
        {"kind": "speech"}, validate_default=True, description="speech, ssl, handwriting or images."
    )

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that are set."""
        return tuple(self.splits)


class FolderCorpus(CorpusReader):
    """Reads a folder of recordings or images."""

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
        given = given_splits(self.settings, names, self.unreadable, self.notices)
        if given is not None:
            self.left_out.update(names.keys() - given.keys())
            names = {name: path for name, path in names.items() if name in given}
        for name, path in names.items():
            self.spelling_of_name[name] = re.sub(r"\s", "_", "-".join(path.relative_to(root).with_suffix("").parts))
        durations = {}
        for name, path in names.items():
            with self.unreadable.caught(name):
                durations[name] = self._duration(path)
        speakers = self._speakers(names)
        chosen = given if given is not None else drawn_splits(self.settings, speakers, durations, self.notices)
        self.settle()
        durations = self.long_enough(durations, durations)
        texts = transcripts(present, names, self.notices)
        utterances = [
            Utterance(name, chosen[name], speakers[name], str(names[name]), duration, texts.get(name, ""))
            for name, duration in durations.items()
        ]
        if self.settings.labels == "sub-folders":
            return utterances, of_folders(self, below_splits(self.settings, names), durations)
        if self._aligned is None:
            tell_of_labels_beside(present, self.notices)
            return utterances, []
        return utterances, read_aligned(self, self._aligned, durations)

    @property
    def location(self) -> Path:
        """The folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the file of labels and those of splits, if they exist."""
        given = self.settings.given
        labels = [path for path in (self._aligned,) if path is not None and path.is_file()]
        return [*labels, *(given.files() if given else ())]

    def sources(self) -> list[Path]:
        """Return the recordings or images, and the files of transcripts and of a folder of labels."""
        root, labels, endings = self.settings.root, self._aligned, self.settings.features.modality.endings
        recordings = below(root) if root.is_dir() else []
        aligned = label_files(labels, self.settings.label_format) if labels is not None and labels.is_dir() else []
        own = [path for path in recordings if path.suffix.lower() in endings]
        return [*own, *transcript_files(recordings), *aligned]

    @property
    def _aligned(self) -> Path | None:
        """The file or folder of labels."""
        match self.settings.labels:
            case "beside":
                return self.settings.root
            case "sub-folders":
                return None
        return self.settings.labels

    def _speakers(self, names: Mapping[str, Path]) -> dict[str, str]:
        """Return the speaker of each utterance; folders count from the sub-folder that is the split, if one is."""
        root, rule = self.settings.root, self.settings.speaker
        if isinstance(rule, str):
            return {name: speaker_of(path.relative_to(root), rule, root) for name, path in names.items()}
        below_split = below_splits(self.settings, names)
        if self.settings.labels == "sub-folders":  # the innermost is the label; those around it may be speakers
            below_split = {name: path.parent.parent / path.name for name, path in below_split.items()}
        if rule == 1:
            return {name: _speaker(path, name) for name, path in below_split.items()}
        return {name: speaker_of(path, rule, _around(names[name], path)) for name, path in below_split.items()}

    def _duration(self, path: Path) -> float:
        """Return the duration of a recording in seconds, or the length of an image."""
        if self.settings.features.needs != "recordings":
            return image_length(str(path), self.settings.features)
        duration, rate = audio.probe(str(path), notices=self.notices)
        if self.settings.sample_rate not in (None, rate):
            what = f"has a sample rate of {rate} Hz, but the corpus requires {self.settings.sample_rate} Hz"
            raise InputError(what, path)
        self.rates[rate] += 1
        return round(duration, digits)


def _other_modality(files: Iterable[Path], modality: Modality) -> str:
    """Return a hint: the features that suit the files present, or the suffixes that were expected."""
    present = {path.suffix.lower() for path in files}
    fitting = [other for other in modalities.values() if present & other.endings]
    if fitting:
        kinds = " or ".join(f"{{kind: {other.features['kind']}}}" for other in fitting)
        return f"there are {' or '.join(other.name for other in fitting)} files: set features: {kinds}"
    return f"their endings are {', '.join(sorted(modality.endings))}"


def _check_names(names: Mapping[str, Path], root: Path) -> None:
    """Raise InputError for a name with control characters, or with bytes that are not UTF-8."""
    for name, path in names.items():
        if not is_writable(name):
            raise InputError(f"has characters in its name that cannot be written: {path.name!a}", root)


def _around(path: Path, relative: Path) -> Path:
    """Return the folder that a path is relative to."""
    return Path(*path.parts[: len(path.parts) - len(relative.parts)])


def _speaker(relative: Path, name: str) -> str:
    return plain_name(relative.parts[0]) if len(relative.parts) > 1 else name
