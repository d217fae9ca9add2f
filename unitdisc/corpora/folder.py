"""A folder of recordings or line images: one sub-folder per speaker, splits sampled by share and seed."""

import math
import random
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from unitdisc.choices import LabelFormat, silences
from unitdisc.config import AnyFeatures, CorpusSettings, InOrder, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import audio, line_images
from unitdisc.formats.label_table import frame_overlap
from unitdisc.formats.labels import label_files, read_label_table
from unitdisc.formats.text import digits, plain_name
from unitdisc.formats.utterance_names import named
from unitdisc.modality import Modality, modalities
from unitdisc.notices import Notices
from unitdisc.records import Label, Utterance


class FolderSettings(CorpusSettings):
    """A folder of recordings or line images, one sub-folder per speaker or writer."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images")

    kind: Literal["folder"] = "folder"
    root: Path = Field(description="The folder.")
    labels: Path | None = Field(
        None,
        description="Labels: a table of utterance, start, end, label, a CTM, TextGrid, .phn or text_ali, or a folder "
        "of these; optional.",
    )
    label_format: LabelFormat | None = Field(None, description="Format of the labels, if file names do not say it.")
    tier: str | int | None = Field(None, description="Name or number of the tier in TextGrids; phones by default.")
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
            Utterance(name, chosen[name], _speaker(names[name].relative_to(root), name), str(names[name]), duration)
            for name, duration in durations.items()
        ]
        return utterances, self._labels(durations)

    @property
    def location(self) -> Path:
        """The folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the file of labels, if it exists."""
        return [path for path in (self.settings.labels,) if path is not None and path.is_file()]

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
        return round(duration, digits)

    def _labels(self, durations: Mapping[str, float]) -> list[Label]:
        plan = self.settings
        if plan.labels is None:
            return []
        known = {*durations, *self.unreadable.errors, *self.too_short}
        tier = None if plan.tier is None else str(plan.tier)
        read = partial(read_label_table, overlap=max(frame_overlap, plan.features.shift), notices=self.notices)
        table = read(plan.labels, plan.label_format, tier=tier, known=known)
        self.spelling_of_label.update(table.spellings)
        unknown = ~table.rows["utterance"].isin(known).to_numpy()
        if unknown.any():
            at = int(np.argmax(unknown))
            name = table.rows["utterance"].iloc[at]
            raise InputError(f"utterance {name!r} is not in the folder", *table.where(at))
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
