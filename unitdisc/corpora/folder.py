"""A folder of recordings or line images: one sub-folder per speaker, splits by share and seed, or as they are given."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from unitdisc.choices import LabelFormat, silences
from unitdisc.config import AnyFeatures, CorpusSettings, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.folder_splits import FolderSplitSettings, below_splits, drawn_splits, given_splits
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import audio, line_images
from unitdisc.formats.label_table import frame_overlap
from unitdisc.formats.labels import label_files, read_label_table
from unitdisc.formats.text import digits, is_writable, plain_name
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality, modalities
from unitdisc.notices import Notices
from unitdisc.records import Label, Utterance


class FolderSettings(CorpusSettings, FolderSplitSettings):
    """A folder of recordings or line images, one sub-folder per speaker or writer."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images")

    kind: Literal["folder"] = "folder"
    labels: Path | None = Field(
        None,
        description="Labels: a table of utterance, start, end, label, a CTM, TextGrid, .phn or text_ali, or a folder "
        "of these; optional.",
    )
    label_format: LabelFormat | None = Field(None, description="Format of the labels, if file names do not say it.")
    tier: str | int | None = Field(None, description="Name or number of the tier in TextGrids; phones by default.")
    exclude: tuple[str, ...] = Field((*silences, "_"), description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech or handwriting.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that are set."""
        return tuple(self.splits)


class FolderCorpus(CorpusReader):
    """Reads a folder of recordings or line images."""

    Settings = FolderSettings
    settings: FolderSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read every recording or image below the root; its first sub-folder is the speaker.

        A file directly in the root is its own speaker. An utterance is named by the rule of ``utterance_names``. Raises
        InputError for files, shares or labels that do not fit.
        """
        root, modality = self.settings.root, self.settings.features.modality
        if not root.is_dir():
            raise InputError("no such folder", root)
        files = self._listed(self.notices)
        if not files:
            raise InputError(f"holds no {modality.name} files", root, fix=_other_modality(root, modality))
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
        speakers = {name: _speaker(path, name) for name, path in below_splits(self.settings, names).items()}
        chosen = given if given is not None else drawn_splits(self.settings, speakers, durations, self.notices)
        self.settle()
        durations = self.long_enough(durations, durations)
        utterances = [
            Utterance(name, chosen[name], speakers[name], str(names[name]), duration)
            for name, duration in durations.items()
        ]
        return utterances, self._labels(durations)

    @property
    def location(self) -> Path:
        """The folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the file of labels and those of splits, if they exist."""
        given = self.settings.given
        labels = [path for path in (self.settings.labels,) if path is not None and path.is_file()]
        return [*labels, *(given.files() if given else ())]

    def sources(self) -> list[Path]:
        """Return the recordings or images, and the files of a folder of labels."""
        labels, root = self.settings.labels, self.settings.root
        aligned = label_files(labels, self.settings.label_format) if labels is not None and labels.is_dir() else []
        return [*(self._listed() if root.is_dir() else ()), *aligned]

    def _listed(self, notices: Notices | None = None) -> list[Path]:
        endings = self.settings.features.modality.endings
        return [path for path in below(self.settings.root, notices) if path.suffix.lower() in endings]

    def _duration(self, path: Path) -> float:
        """Return the duration of a recording in seconds, or the width of an image in columns."""
        if self.settings.features.needs == "images":
            line_images.check(str(path))
            return round(line_images.probe(str(path))[0], digits)
        duration, rate = audio.probe(str(path), notices=self.notices)
        if self.settings.sample_rate not in (None, rate):
            what = f"has a sample rate of {rate} Hz, but the corpus requires {self.settings.sample_rate} Hz"
            raise InputError(what, path)
        self.rates[rate] += 1
        return round(duration, digits)

    def _labels(self, durations: Mapping[str, float]) -> list[Label]:
        plan = self.settings
        if plan.labels is None:
            return []
        known = {*durations, *self.unreadable.errors, *self.left_out}
        tier = None if plan.tier is None else str(plan.tier)
        read = partial(read_label_table, overlap=max(frame_overlap, plan.features.shift), notices=self.notices)
        table = read(plan.labels, plan.label_format, tier=tier, known=known)
        self.spelling_of_label.update(table.spellings)
        self.strays.check(table, known, "is not in the folder")
        rows = table.rows[table.rows["utterance"].isin(durations.keys())]
        cut = replace(table, rows=rows).within(durations, self.slack, self.notices).labels
        return [Label(*row) for row in zip(*(cut[column].tolist() for column in cut.columns), strict=True)]


def _other_modality(root: Path, modality: Modality) -> str:
    """Return a hint: the features that suit the files present, or the suffixes that were expected."""
    present = {path.suffix.lower() for path in below(root)}
    for other in modalities.values():
        if present & other.endings:
            return f"there are {other.name} files: set features: {{kind: {other.features['kind']}}}"
    return f"their endings are {', '.join(sorted(modality.endings))}"


def _check_names(names: Mapping[str, Path], root: Path) -> None:
    """Raise InputError for a name with control characters, or with bytes that are not UTF-8."""
    for name, path in names.items():
        if not is_writable(name):
            raise InputError(f"has characters in its name that cannot be written: {path.name!a}", root)


def _speaker(relative: Path, name: str) -> str:
    return plain_name(relative.parts[0]) if len(relative.parts) > 1 else name
