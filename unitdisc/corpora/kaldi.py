"""Kaldi data directories: wav.scp, segments, utt2spk and a phone alignment, one folder per split or several."""

import itertools
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.choices import StripMarks, silences
from unitdisc.config import AnyFeatures, CorpusSettings, InOrder, Split
from unitdisc.config.corpora import excluded, unmarked
from unitdisc.config.features import Sources
from unitdisc.corpora.kaldi_folder import DataFolder, Recording
from unitdisc.corpora.kaldi_labels import KaldiLabels, of_any
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.formats.audio_source import split_entry
from unitdisc.formats.kaldi_matrix import split_source
from unitdisc.formats.kaldi_table import locate, read_pairs
from unitdisc.formats.label_spool import LabelSpool
from unitdisc.formats.marks import stripped
from unitdisc.formats.text import digits, plain_name, read_fields
from unitdisc.records import Label, Utterance

if TYPE_CHECKING:
    import pandas as pd

Alignment = Literal["auto", "phones.ctm", "text_ali", "none"]

kaldi_files = (
    "wav.scp",
    "segments",
    "utt2spk",
    "spk2utt",
    "feats.scp",
    "phones.ctm",
    "text_ali",
    "reco2file_and_channel",
    "text",
)
label_columns = ["utterance", "start", "end", "label"]


class KaldiSettings(CorpusSettings):
    """Kaldi data directories: FLAC, WAV or NIST SPHERE, or the matrices of a feats.scp."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "matrices")

    kind: Literal["kaldi"] = "kaldi"
    root: Path = Field(description="Folder of the data directories.")
    splits: Annotated[dict[Split, str | tuple[str, ...]], InOrder] = Field(
        {"train": "train", "dev": "dev", "test": "test"},
        description="The folder of each split, under `root`, or several: some may be without labels.",
    )
    hours: dict[str, float] = Field(
        {}, description="By folder: at most so many hours of it are used, of utterances sampled evenly over its list."
    )
    alignment: Alignment = Field("auto", description="The file of labels; auto takes the first of the two that exists.")
    strip_marks: StripMarks = Field("auto", description=unmarked)
    exclude: tuple[str, ...] = Field(silences, description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    allow_pipes: tuple[str, ...] = Field((), description="Programs that wav.scp may run, such as sph2pipe.")
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech or precomputed.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that have a folder."""
        return tuple(self.splits)

    @property
    def folders(self) -> list[tuple[Split, str]]:
        """Every folder, with its split."""
        return [(split, name) for split, names in self.splits.items() for name in _several(names)]

    @model_validator(mode="after")
    def _known_folders(self) -> "KaldiSettings":
        names = [name for _, name in self.folders]
        for name, hours in self.hours.items():
            if name not in names:
                raise ValueError(f"hours names the folder {name!r}, which is in no split")
            if not hours > 0:
                raise ValueError(f"hours of {name!r} should be more than 0")
        return self

    @property
    def pipes(self) -> tuple[str, ...]:
        """The programs that wav.scp may run."""
        return self.allow_pipes


class KaldiCorpus(CorpusReader):
    """Reads Kaldi data directories, one folder per split."""

    Settings = KaldiSettings
    settings: KaldiSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the data directories; see ``stream``."""
        utterances, labels = self.stream()
        return utterances, list(labels)

    def stream(self) -> tuple[list[Utterance], Iterable[Label]]:
        """Read the data directories of the splits into utterances and labels, in seconds.

        Raises InputError naming file and line for whatever does not fit.
        """
        utterances: dict[str, Utterance] = {}
        listed = []
        for split, name in self.settings.folders:
            folder = self._folder(split, name)
            scp, recordings = self._listed(folder)
            names = (fields[0] for _, fields in read_fields(scp))
            self.spelling_of_name.update({plain_name(text): text for text in names if plain_name(text) != text})
            speakers = folder.speakers()
            self.spelling_of_speaker.update(folder.spelt_speakers())
            texts = folder.texts()
            for key, recording in _shortened(recordings, self.settings.hours.get(name)).items():
                if key in utterances:
                    raise InputError(f"utterance {key!r} is in {utterances[key].split} too", scp, recording.line)
                if speakers is not None and key not in speakers:
                    raise InputError(f"names no speaker for {key!r}", folder.path / "utt2spk")
                speaker = key if speakers is None else speakers[key]
                duration = round(recording.duration, digits)
                utterances[key] = Utterance(key, split, speaker, recording.source, duration, texts.get(key, ""))
            listed.append((folder, scp, *_times(recordings, utterances)))
        self.settle()
        aligned = [(*each, path) for each in listed if each[2] and (path := self._alignment(each[0].path)) is not None]
        parts = [
            KaldiLabels(folder, path, scp.name, durations, segments, self.left_out)
            for folder, scp, durations, segments, path in aligned
        ]
        return list(utterances.values()), self._labels(parts, utterances)

    @property
    def location(self) -> Path:
        """The folder of the data directories."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the Kaldi files that exist."""
        return [path for name in kaldi_files for path in self._existing(name)]

    def sources(self) -> Iterator[Path]:
        """Yield the recordings and archives that wav.scp or feats.scp names."""
        name = "feats.scp" if self._matrices else "wav.scp"
        for scp in self._existing(name):
            for _, value in read_pairs(scp).values():
                words = [value] if not value.endswith("|") else _words(value)
                split = split_source if self._matrices else split_entry
                for word in words:
                    whole = locate(word, scp)
                    yield whole if whole.exists() else locate(split(word)[0], scp)

    def word_files(self) -> list[Path]:
        """Return the words.ctm of each split that has one."""
        return self._existing("words.ctm")

    def words(self, utterances: Collection[Utterance]) -> "dict[Path, Iterable[pd.DataFrame]]":
        """Return the words of utterances, whose times may be those of the recordings that ``segments`` cuts."""
        files = {self.settings.root / name / "words.ctm": (split, name) for split, name in self.settings.folders}
        return {path: self._words(path, *of, utterances) for path, of in files.items() if path.is_file()}

    def _words(
        self, path: Path, split: Split, name: str, utterances: Collection[Utterance]
    ) -> "Iterator[pd.DataFrame]":
        folder = self._folder(split, name)
        listed = {u.utterance: Recording(u.source, u.duration, 0) for u in utterances if u.split == split}
        if (folder.path / "segments").exists():
            listed = folder.placed(listed)
        durations = {name: recording.duration for name, recording in listed.items()}
        yield from (rows[label_columns] for rows in KaldiLabels(folder, path, None, durations, listed))
        self.notices.say()

    @property
    def _matrices(self) -> bool:
        return self.settings.features.needs == "matrices"

    def _existing(self, name: str) -> list[Path]:
        return existing(self.settings.root, [folder for _, folder in self.settings.folders], name)

    def _folder(self, split: Split, name: str) -> DataFolder:
        plan = self.settings
        path = plan.root / name
        if not path.is_dir():
            raise InputError("no such folder", path, fix=f"check root and splits: {split} is expected there")
        return DataFolder(
            path,
            plan.root,
            self.slack,
            self.notices,
            self.unreadable,
            plan.allow_pipes,
            plan.sample_rate,
            rates=self.rates,
            strays=self.strays,
        )

    def _listed(self, folder: DataFolder) -> tuple[Path, dict[str, Recording]]:
        shift = self.settings.features.shift
        scp, listed = folder.matrices(shift) if self._matrices else folder.recordings()
        return scp, self.long_enough(listed, {name: recording.duration for name, recording in listed.items()})

    def _labels(self, parts: Sequence[KaldiLabels], utterances: Collection[str]) -> Iterator[Label]:
        """Read all labels of utterances, and return them one by one as the corpus has them."""
        used = LabelSpool()
        for rows in itertools.chain(*parts):
            used.add_frame(of_any(rows, utterances))
        found = dict.fromkeys(used.labels)
        plain = stripped(found, self.settings.strip_marks, silences=self.settings.exclude, notices=self.notices)
        for table in parts:
            self.spelling_of_label |= {name: text for name, text in table.spellings.items() if plain.get(name) == name}
        columns = (zip(*(rows[column].tolist() for column in label_columns), strict=True) for rows in used)
        return (Label(name, start, end, plain[label]) for part in columns for name, start, end, label in part)

    def _alignment(self, folder: Path) -> Path | None:
        alignment = self.settings.alignment
        if alignment == "none":
            return None
        if alignment == "auto":
            present = [folder / name for name in ("phones.ctm", "text_ali") if (folder / name).exists()]
            return present[0] if present else None
        if not (folder / alignment).exists():
            raise InputError("no such file", folder / alignment, fix="or set alignment: none")
        return folder / alignment


def _times(
    recordings: Mapping[str, Recording], utterances: Mapping[str, Utterance]
) -> tuple[dict[str, float], Mapping[str, Recording]]:
    """Return the durations of recordings, those of utterances as they are there, and the recordings that are segments.

    The others are not needed any more, and there may be very many.
    """
    durations = {
        name: utterances[name].duration if name in utterances else recording.duration
        for name, recording in recordings.items()
    }
    return durations, {name: recording for name, recording in recordings.items() if recording.recording}


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _shortened(recordings: dict[str, Recording], hours: float | None) -> dict[str, Recording]:
    """Return utterances of at most so many hours, evenly spread over the list, in its order."""
    total = sum(recording.duration for recording in recordings.values())
    if hours is None or total <= hours * 3600:
        return recordings
    kept, wanted, passed = {}, 0.0, 0.0
    for key, recording in recordings.items():
        passed += recording.duration
        if wanted + recording.duration <= passed * hours * 3600 / total:
            kept[key] = recording
            wanted += recording.duration
    return kept


def _words(command: str) -> list[str]:
    """Return the words of a pipe, as they are split when it is run."""
    try:
        return shlex.split(command.rstrip().removesuffix("|"))
    except ValueError:
        return []  # the corpus step reports the error


def existing(root: Path, folders: Iterable[str], name: str) -> list[Path]:
    """Return the file of this name in each data directory that has it."""
    paths = [root / folder / name for folder in folders]
    return [path for path in paths if path.is_file()]
