"""Corpora of any size for benchmarks: the recordings, labels and units of a small one under new names."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import soundfile

from unitdisc import tables
from unitdisc.layout import CorpusFolder, RunFolder
from unitdisc.records import Label, UnitSequence, Utterance

Shape = Literal["hours", "utterances", "speakers", "long"]
shapes = get_args(Shape)
of_a_speaker = {"hours": 500, "utterances": 500, "speakers": 3, "long": 500}  # utterances


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """An utterance or a part of one: its file and its part there, its labels from its start, and its units."""

    split: str
    source: str
    start: float
    end: float
    labels: tuple[Label, ...]
    units: UnitSequence


@dataclass(frozen=True)  # without slots, for cached properties
class Sample:
    """A small corpus with the units of a model."""

    corpus: CorpusFolder
    model: str
    folder: Path

    @property
    def run(self) -> RunFolder:
        """The folder of the model."""
        return self.corpus.run(self.model, 0)

    @cached_property
    def pieces(self) -> list[Piece]:
        """All utterances."""
        labels: dict[str, list[Label]] = {}
        for label in tables.read_records(self.corpus.labels, Label):
            labels.setdefault(label.utterance, []).append(label)
        pieces = []
        for split in ("train", "dev", "test"):
            units = tables.read_units(self.run.units(split))
            rows = [row for row in tables.read_records(self.corpus.utterances, Utterance) if row.split == split]
            for row in rows:
                source, own = str((self.folder / row.source).resolve()), tuple(labels.get(row.utterance, ()))
                pieces.append(Piece(split, source, 0.0, row.duration, own, units[row.utterance]))
        return pieces

    def cut(self, seconds: float) -> list[Piece]:
        """Return all utterances in parts of so many seconds; shorter rests are left out."""
        return [
            _part(piece, number * seconds, (number + 1) * seconds)
            for piece in self.pieces
            for number in range(int(piece.end / seconds))
        ]


def _part(piece: Piece, start: float, end: float) -> Piece:
    shift = piece.units.frame_shift
    labels = tuple(
        Label(label.utterance, max(label.start - start, 0.0), min(label.end, end) - start, label.label)
        for label in piece.labels
        if label.end > start and label.start < end
    )
    units = piece.units.units[round(start / shift) : round(end / shift)]
    return Piece(piece.split, piece.source, start, end, labels, UnitSequence("", shift, units))


def copies(sample: Sample, shape: Shape, hours: float) -> Iterator[tuple[str, str, Piece]]:
    """Yield name, speaker and content of every utterance, until they are so many hours; the names are in order."""
    pieces = sample.cut(1.0) if shape == "utterances" else sample.pieces
    seconds = 0.0
    numbers = {"train": 0, "dev": 0, "test": 0}
    for piece in cycle(pieces):
        if seconds >= hours * 3600:
            return
        number = numbers[piece.split] = numbers[piece.split] + 1
        speaker = f"{piece.split}{number // of_a_speaker[shape]:06d}"
        yield f"{speaker}-{number:08d}", speaker, piece
        seconds += piece.end - piece.start


def write_corpus(folder: Path, sample: Sample, shape: Shape, hours: float) -> int:
    """Write a Kaldi data directory for each split, and return the number of utterances.

    With the shape ``long``, test is one recording of so many hours, and the other splits are those of the sample.
    """
    made = copies(sample, shape, hours if shape != "long" else sum(piece.end for piece in sample.pieces) / 3600 - 1e-9)
    files = {}
    for split in ("train", "dev", "test"):
        (folder / split).mkdir(parents=True)
        for name in ("wav.scp", "utt2spk", "phones.ctm", *(["segments"] if shape == "utterances" else [])):
            files[split, name] = (folder / split / name).open("w", encoding="utf-8")
    listed, count = set(), 0
    for name, speaker, piece in made:
        if shape == "long" and piece.split == "test":
            continue
        count += 1
        recording = f"r-{Path(piece.source).stem}" if shape == "utterances" else name
        if recording not in listed:
            files[piece.split, "wav.scp"].write(f"{recording} {piece.source}\n")
        if shape == "utterances":
            listed.add(recording)
            files[piece.split, "segments"].write(f"{name} {recording} {piece.start:g} {piece.end:g}\n")
        files[piece.split, "utt2spk"].write(f"{name} {speaker}\n")
        files[piece.split, "phones.ctm"].writelines(
            f"{name} 1 {label.start:.4f} {label.end - label.start:.4f} {label.label}\n" for label in piece.labels
        )
    if shape == "long":
        count += 1
        write_long(folder / "long.flac", sample, hours)
        files["test", "wav.scp"].write(f"long {folder.resolve() / 'long.flac'}\n")
        files["test", "utt2spk"].write("long long\n")
    for file in files.values():
        file.close()
    return count


def write_long(path: Path, sample: Sample, hours: float) -> None:
    """Write one recording of so many hours: the utterances of the sample again and again."""
    parts = [soundfile.read(piece.source, dtype="int16") for piece in sample.pieces]
    rate = parts[0][1]
    whole = np.concatenate([samples for samples, _ in parts])
    times = int(np.ceil(hours * 3600 * rate / len(whole)))
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        for _ in range(times):
            file.write(whole)


def write_tables(files: CorpusFolder, sample: Sample, shape: Shape, hours: float, *, units: bool) -> None:
    """Write the tables that the corpus step would make, or the ``units`` of every split."""
    files.path.mkdir(parents=True, exist_ok=True)
    if units:
        texts = {id(piece): " ".join(map(str, piece.units.units.tolist())) for piece in sample.pieces}
        for split in ("train", "dev", "test"):
            path = files.run(sample.model, 0).units(split)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8") as file:
                file.write("utterance\tframe_shift\tunits\n")
                for name, _, piece in copies(sample, shape, hours):
                    if piece.split == split:
                        text = texts.get(id(piece)) or " ".join(map(str, piece.units.units.tolist()))
                        file.write(f"{name}\t{piece.units.frame_shift:g}\t{text}\n")
        return
    with files.utterances.open("w", encoding="utf-8") as utterances, files.labels.open("w", encoding="utf-8") as labels:
        utterances.write("utterance\tsplit\tspeaker\tsource\tduration\n")
        labels.write("utterance\tstart\tend\tlabel\n")
        for name, speaker, piece in copies(sample, shape, hours):
            source = piece.source if shape != "utterances" else f"{piece.source}#t={piece.start:.6f},{piece.end:.6f}"
            utterances.write(f"{name}\t{piece.split}\t{speaker}\t{source}\t{piece.end - piece.start:.6g}\n")
            labels.writelines(f"{name}\t{x.start:.6g}\t{x.end:.6g}\t{x.label}\n" for x in piece.labels)
