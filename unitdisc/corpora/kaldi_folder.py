"""One Kaldi data directory: wav.scp or feats.scp, segments, utt2spk and a phone alignment."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from unitdisc.corpora.cuts import cut
from unitdisc.corpora.strays import Strays
from unitdisc.corpora.transcripts import rows, unread
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.files import is_there
from unitdisc.formats import audio
from unitdisc.formats.audio_source import Part, check_pipe, split_entry
from unitdisc.formats.kaldi_matrix import read_matrix, split_source
from unitdisc.formats.kaldi_table import locate, read_pairs, read_rows, read_utt2spk, speakers_of
from unitdisc.formats.text import digits, fields_of, plain, plain_name, read_fields, read_number
from unitdisc.notices import Notices

channels = MappingProxyType({"A": 0, "B": 1})  # of a telephone conversation


@dataclass(frozen=True, slots=True)
class Recording:
    """A source of samples or of a matrix, its duration in seconds, and the line that names it.

    A segment knows the recording that it is a part of, and where in it it starts.
    """

    source: str
    duration: float
    line: int
    recording: str = ""
    start: float = 0.0
    channel: str = ""


@dataclass
class DataFolder:
    """A data directory below ``root``; times may pass the end of a recording by ``slack`` seconds.

    What is put right is counted in ``notices``, and what cannot be read is kept in ``unreadable``.
    """

    path: Path
    root: Path
    slack: float
    notices: Notices
    unreadable: Unreadable
    allow_pipes: tuple[str, ...] = ()
    sample_rate: int | None = None
    whole: dict[str, float] = field(default_factory=dict)  # durations of recordings that segments are cut from
    lost: set[str] = field(default_factory=set)  # those of them that cannot be read
    rates: Counter[int] = field(default_factory=Counter)  # sample rates (Hz), by how many recordings have them
    strays: Strays = field(default_factory=Strays)

    def recordings(self) -> tuple[Path, dict[str, Recording]]:
        """Return the file that lists the utterances, and utterance → recording; each recording is opened once."""
        scp = self.path / "wav.scp"
        recordings: dict[str, Recording] = {}
        for name, (line, value) in read_pairs(scp).items():
            source = self._source(value, line)
            with self.unreadable.caught(name, scp, line):
                recordings[name] = Recording(source, self._duration(source), line)
        if (self.path / "segments").exists():
            return self.path / "segments", self._segments(recordings)
        return scp, recordings

    def matrices(self, frame_shift: float) -> tuple[Path, dict[str, Recording]]:
        """Return feats.scp and utterance → matrix, whose frames are ``frame_shift`` seconds apart."""
        scp, width = self.path / "feats.scp", None
        matrices: dict[str, Recording] = {}
        for name, (line, value) in read_pairs(scp).items():
            if "|" in value:
                raise InputError(f"pipe commands are not run: {value!r}", scp, line)
            archive, place = split_source(value)
            source = f"{locate(archive, scp)}{place}"
            with self.unreadable.caught(name, scp, line):
                frames, columns = _shape(source)
                if width not in (None, columns):
                    raise InputError(f"{name!r} has {columns} columns where those before it have {width}")
                width = columns
                matrices[name] = Recording(source, frames * frame_shift, line)
        segments = self.path / "segments"
        return scp, self.placed(matrices) if segments.exists() else matrices

    def placed(self, utterances: Mapping[str, Recording]) -> dict[str, Recording]:
        """Return utterances with the recordings that they are segments of, by ``segments``, which opens no audio."""
        placed = dict(utterances)
        for line, (name, recording, first, rest) in read_rows(self.path / "segments", 4):
            start, (last, *channel) = read_number(first, self.path / "segments", line), fields_of(rest)
            end = read_number(last, self.path / "segments", line)
            whole = plain_name(recording)
            if name in placed:
                part = placed[name]
                placed[name] = replace(part, recording=whole, start=start, channel=channel[0] if channel else "")
                end = max(end, start + part.duration)
            self.whole[whole] = max(self.whole.get(whole, 0.0), end)
        return placed

    def speakers(self) -> dict[str, str] | None:
        """Return the speaker of each utterance; None without utt2spk."""
        path, inverse = self.path / "utt2spk", self.path / "spk2utt"
        if path.exists() or not inverse.exists():
            return read_utt2spk(path) if path.exists() else None
        rows = [(line, fields) for line, fields in read_fields(inverse)]
        return speakers_of(((line, [name, fields[0]]) for line, fields in rows for name in fields[1:]), inverse)

    def spelt_speakers(self) -> dict[str, str]:
        """Return the speakers as utt2spk or spk2utt spells them, by their names."""
        column, path = 1, self.path / "utt2spk"
        if not path.exists():
            column, path = 0, self.path / "spk2utt"
        rows = read_fields(path, least=2) if path.exists() else ()
        return {plain(fields[column]): fields[column] for _, fields in rows if len(fields) > column}

    def texts(self) -> dict[str, str]:
        """Return the transcript of each utterance by ``text``; one that cannot be read is left out, with a notice."""
        path = self.path / "text"
        try:
            return {plain_name(name): text for name, text in rows(path)} if path.exists() else {}
        except InputError as error:
            self.notices.add(unread, str(error))
            return {}

    def _source(self, value: str, line: int) -> str:
        """Return a source of wav.scp with its path from here; raises InputError for what may not be read."""
        scp = self.path / "wav.scp"
        if value.endswith("|"):
            check_pipe(value, self.allow_pipes, scp, line)
            return value
        outside = not Path(os.path.realpath(self.path / value)).is_relative_to(os.path.realpath(self.root))
        if not Path(value).is_absolute() and outside and ".." in Path(value).parts:
            raise InputError(f"{value!r} leads out of the corpus", scp, line, "give an absolute path")
        archive, place = (value, "") if is_there(self.path / value) else split_entry(value)
        # Relative to the folder, or else to the working directory, as Kaldi has it.
        file = next((path for path in (self.path / archive, Path(archive)) if is_there(path)), self.path / archive)
        return f"{file}{place}"

    def _duration(self, source: str) -> float:
        duration, rate = audio.probe(source, self.allow_pipes, self.notices)
        if self.sample_rate is not None and rate != self.sample_rate:
            fix = f"resample it, or drop sample_rate: {self.sample_rate} from the configuration"
            what = f"{source} has a sample rate of {rate} Hz, but the corpus requires {self.sample_rate} Hz"
            raise InputError(what, fix=fix)
        self.rates[rate] += 1
        return duration

    def _segments(self, recordings: Mapping[str, Recording]) -> dict[str, Recording]:
        path = self.path / "segments"
        segments: dict[str, Recording] = {}
        listed: set[str] = set()
        for line, (utterance, name, first, rest) in read_rows(path, 4):
            recording, (last, *channel) = plain_name(name), fields_of(rest)
            if utterance in segments:
                raise InputError(f"{utterance!r} occurs twice, first on line {segments[utterance].line}", path, line)
            if recording not in recordings and recording not in self.unreadable.errors:
                raise InputError(f"recording {recording!r} is not in wav.scp", path, line)
            start, end = read_number(first, path, line), read_number(last, path, line)
            listed.add(utterance)
            with self.unreadable.caught(utterance, path, line):
                if recording not in recordings:
                    raise self.unreadable.errors[recording]
                part = self._segment(recordings[recording], start, end, channel[0] if channel else "")
                segments[utterance] = replace(part, line=line, recording=recording)
        self.whole = {name: round(recording.duration, digits) for name, recording in recordings.items()}
        self.lost = read_pairs(self.path / "wav.scp").keys() - recordings.keys()
        for name in self.lost - listed:
            del self.unreadable.errors[name]  # its segments are there instead
        return segments

    def _segment(self, recording: Recording, start: float, end: float, channel: str) -> Recording:
        """Return a part of a recording; an ``end`` of -1 is that of the recording."""
        end = recording.duration if end == -1 else end
        end = cut(recording.source, recording.duration, start, end, self.slack, self.notices)
        if channel and not (channel.isdecimal() or channel in channels):
            raise InputError(f"channel {channel!r} is neither a number from 0 nor A or B")
        count = audio.channels(recording.source, self.allow_pipes) if channel else 1
        number = channel_number(channel, first=0) if channel else None
        if number is not None and 1 < count <= number:
            raise InputError(f"{recording.source} has no channel {number}, but {count} channels from 0")
        source = str(Part(recording.source, start, end, number))
        return Recording(source, end - start, 0, start=start, channel=channel)


def channel_number(channel: str, first: int) -> int:
    """Return the number from 0 of a channel, a letter or a number from ``first``: mostly 1 in a CTM, 0 in segments."""
    return int(channel) - first if channel.isdecimal() else channels.get(channel.upper(), 0)


def _shape(source: str) -> tuple[int, int]:
    try:
        matrix = read_matrix(source)
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from None
    if not np.isfinite(matrix).all():
        raise InputError(f"{source} holds numbers that are not finite")
    return matrix.shape[0], matrix.shape[1]
