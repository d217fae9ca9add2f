"""A language of the DiscoPhon benchmark: its manifests, recordings and alignments."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from unitdisc.choices import silences
from unitdisc.config import AnyFeatures, CorpusSettings, InOrder, Split
from unitdisc.config.corpora import excluded
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.discophon import Dataset, read_manifest
from unitdisc.formats.labels import read_label_table
from unitdisc.formats.text import digits, plain_name
from unitdisc.records import Label, Utterance


class DiscoPhonSettings(CorpusSettings):
    """A language of the DiscoPhon benchmark, as its package prepares the data."""

    kind: Literal["discophon"] = "discophon"
    root: Path = Field(description="Folder of the benchmark's data: manifest, audio, alignment.")
    language: str = Field(pattern="^[a-z]{3}$", description="Code of the language (ISO 639-3), such as swa.")
    splits: Annotated[dict[Split, str], InOrder] = Field(
        {"train": "train-10h", "dev": "dev", "test": "test"},
        description="The split of the benchmark that each split is; train may be train-10min or train-1h.",
    )
    exclude: tuple[str, ...] = Field(silences, description=excluded)
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech or ssl.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that are one of the benchmark's."""
        return tuple(self.splits)

    @property
    def benchmark_splits(self) -> Mapping[str, tuple[str, str]]:
        """By split, the language and the split of the benchmark."""
        return {split: (self.language, own) for split, own in self.splits.items()}


class DiscoPhonCorpus(CorpusReader):
    """Reads a language of the DiscoPhon benchmark."""

    Settings = DiscoPhonSettings
    settings: DiscoPhonSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the recordings that the manifests list, and the phones of the splits that have an alignment, in seconds.

        A recording without a speaker in its manifest is its own speaker. Raises InputError naming file and line for
        whatever does not fit.
        """
        if not self.settings.root.is_dir():
            raise InputError("no such folder", self.settings.root)
        utterances: dict[str, Utterance] = {}
        for split, own in self.settings.splits.items():
            for each in self._listed(split, own):
                if each.utterance in utterances:
                    what = f"recording {each.utterance!r} is in {utterances[each.utterance].split} too"
                    raise InputError(what, self._data.manifest(self.settings.language, own))
                utterances[each.utterance] = each
        self.settle()
        durations = {name: utterance.duration for name, utterance in utterances.items()}
        utterances = self.long_enough(utterances, durations)
        return list(utterances.values()), [
            label for path in self._alignments() for label in self._labels(path, utterances)
        ]

    @property
    def location(self) -> Path:
        """The folder of the benchmark's data."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the manifests and the alignments that exist."""
        return [*(path for _, path in self._manifests()), *self._alignments()]

    def sources(self) -> Iterator[Path]:
        """Yield the recordings that the manifests list."""
        for own, path in self._manifests():
            for listed in read_manifest(path):
                yield self._data.recording(self.settings.language, own, listed.name)

    @property
    def _data(self) -> Dataset:
        return Dataset(self.settings.root)

    def _manifests(self) -> list[tuple[str, Path]]:
        named = [(own, self._data.manifest(self.settings.language, own)) for own in self.settings.splits.values()]
        return [(own, path) for own, path in named if path.is_file()]

    def _alignments(self) -> list[Path]:
        paths = [self._data.alignment(self.settings.language, own) for own in self.settings.splits.values()]
        return [path for path in paths if path.is_file()]

    def _listed(self, split: str, own: str) -> Iterator[Utterance]:
        manifest = self._data.manifest(self.settings.language, own)
        for listed in read_manifest(manifest):
            name = plain_name(listed.name)
            self.spelling_of_name[name] = listed.name
            source = str(self._data.recording(self.settings.language, own, listed.name))
            speaker = plain_name(listed.speaker) or name
            if listed.speaker:
                self.spelling_of_speaker[speaker] = listed.speaker
            with self.unreadable.caught(name, manifest, listed.line):
                duration, rate = audio.probe(source, notices=self.notices)
                self.rates[rate] += 1
                yield Utterance(name, split, speaker, source, round(duration, digits))

    def _labels(self, path: Path, utterances: Mapping[str, Utterance]) -> list[Label]:
        known = {*utterances, *self.unreadable.errors, *self.left_out}
        table = read_label_table(path, "discophon", known=known, notices=self.notices)
        self.spelling_of_label.update(table.spellings)
        self.strays.check(table, known, "is in no manifest")
        rows = table.rows[table.rows["utterance"].isin(utterances)]
        durations = {name: utterance.duration for name, utterance in utterances.items()}
        cut = replace(table, rows=rows).within(durations, self.slack, self.notices).labels
        return [Label(*row) for row in zip(*(cut[column].tolist() for column in cut.columns), strict=True)]
