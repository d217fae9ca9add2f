"""A folder of recordings or line images: one sub-folder per speaker, splits sampled by share and seed."""

import itertools
import math
import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from unitdisc import tables
from unitdisc.config import AnyFeatures, CorpusSettings, InOrder, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.formats import audio, line_images
from unitdisc.formats.text import close
from unitdisc.modality import Modality, modalities
from unitdisc.records import Label, Utterance

# Duration of a source (seconds, or columns), and its sample rate (Hz), which only recordings have.
measures: Mapping[str, Callable[[str], tuple[float, int | None]]] = MappingProxyType(
    {"recordings": audio.probe, "images": line_images.probe}
)


class FolderSettings(CorpusSettings):
    """A folder of recordings or line images, one sub-folder per speaker or writer."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "images")

    kind: Literal["folder"] = "folder"
    root: Path = Field(description="The folder.")
    labels: Path | None = Field(None, description="Table of utterance, start, end, label; optional.")
    splits: Annotated[dict[Split, float], InOrder] = Field(
        {"train": 0.8, "dev": 0.1, "test": 0.1}, description="Share of the files per split, regardless of speaker."
    )
    seed: int = Field(0, ge=0, description="Seed of the random split.")
    exclude: tuple[str, ...] = Field(("SIL", "_"), description=excluded)
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
        """Read the files of the features' modality; see ``read``."""
        plan = self.settings
        return read(
            plan.root,
            plan.features.modality,
            {str(split): share for split, share in plan.splits.items()},
            labels=plan.labels,
            seed=plan.seed,
            sample_rate=plan.sample_rate,
        )

    @property
    def location(self) -> Path:
        """The folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the table of labels, if it exists."""
        return [path for path in (self.settings.labels,) if path is not None and path.is_file()]

    def folder(self) -> Path | None:
        """Return the folder."""
        return self.settings.root if self.settings.root.is_dir() else None


def read(
    root: Path,
    modality: Modality,
    splits: Mapping[str, float],
    *,
    labels: Path | None = None,
    seed: int = 0,
    sample_rate: int | None = None,
) -> tuple[list[Utterance], list[Label]]:
    """Read every recording or image below ``root``; its first sub-folder is the speaker.

    A file directly in ``root`` is its own speaker. An utterance is named by its path below ``root`` without the suffix,
    folders joined by '-'. ``splits`` maps a split to its share; ``labels`` is a table of utterance, start, end, label,
    in seconds or columns. Raises InputError for files, shares or labels that do not fit.
    """
    if not root.is_dir():
        raise InputError("no such folder", root)
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in modality.endings and path.is_file())
    if not files:
        raise InputError(f"holds no {modality.name} files", root, fix=_other_modality(root, modality))
    names = _names(root, files)
    chosen = _split(list(names), splits, seed)
    utterances = []
    for name, path in names.items():
        relative = path.relative_to(root)
        speaker = _spaceless(relative.parts[0]) if len(relative.parts) > 1 else name
        duration = _duration(path, modality, sample_rate)
        utterances.append(Utterance(name, chosen[name], speaker, str(path), duration))
    return utterances, _labels(labels, {u.utterance: u.duration for u in utterances}) if labels else []


def _other_modality(root: Path, modality: Modality) -> str:
    """Return a hint: the features that suit the files present, or the suffixes that were expected."""
    present = {path.suffix.lower() for path in root.rglob("*")}
    for other in modalities.values():
        if present & other.endings:
            return f"there are {other.name} files: set features: {{kind: {other.features['kind']}}}"
    return f"their endings are {', '.join(sorted(modality.endings))}"


def _names(root: Path, files: list[Path]) -> dict[str, Path]:
    names: dict[str, Path] = {}
    for path in files:
        name = _spaceless("-".join(path.relative_to(root).with_suffix("").parts))
        # Control characters, or bytes that are not UTF-8.
        if {unicodedata.category(character) for character in name} & {"Cc", "Cs"}:
            raise InputError(f"has characters in its name that cannot be written: {path.name!a}", root)
        if name in names:
            raise InputError(f"is the utterance {name!r}, as is {names[name]}", path, fix="rename one of them")
        names[name] = path
    return names


def _spaceless(name: str) -> str:
    """Replace all Unicode white space, at which tables, Kaldi files and transcripts separate fields."""
    return re.sub(r"\s", "_", name)


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


def _duration(path: Path, modality: Modality, sample_rate: int | None) -> float:
    duration, rate = measures[modality.sources](str(path))
    if None not in (sample_rate, rate) and rate != sample_rate:
        raise InputError(f"has a sample rate of {rate} Hz, but the corpus requires {sample_rate} Hz", path)
    return round(duration, 6)


def _labels(path: Path, durations: Mapping[str, float]) -> list[Label]:
    labels: list[tuple[int, Label]] = []
    for line, label in enumerate(tables.read_records(path, Label), start=2):
        if label.utterance not in durations:
            raise InputError(f"utterance {label.utterance!r} is not in the folder", path, line)
        if not 0 <= label.start < label.end:
            raise InputError(f"label {label.label!r} from {label.start:g} to {label.end:g} has no length", path, line)
        if label.end > durations[label.utterance] + 0.01:
            end = durations[label.utterance]
            raise InputError(f"label {label.label!r} ends at {label.end:g}, past the end at {end:g}", path, line)
        labels.append((line, label))
    labels.sort(key=lambda row: (row[1].utterance, row[1].start))
    for (_, before), (line, label) in itertools.pairwise(labels):
        if label.utterance == before.utterance and label.start < before.end - close:
            span = f"label {label.label!r} of {label.utterance!r} at {label.start:g}"
            raise InputError(f"{span} starts before {before.label!r} ends at {before.end:g}", path, line)
    return [label for _, label in labels]
