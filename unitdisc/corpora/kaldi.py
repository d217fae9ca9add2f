"""Kaldi data directories: wav.scp, segments, utt2spk and a phone alignment, one folder a split."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unitdisc.corpora import audio
from unitdisc.errors import InputError
from unitdisc.matrices import read_matrix
from unitdisc.tables import Label, Utterance

Alignment = Literal["auto", "phones.ctm", "text_ali", "none"]

frame = 0.01  # seconds; the step of text_ali, and how far an alignment may reach past the audio by rounding
digits = 6  # of a time in seconds, so that 0.79 + 0.16 is 0.95


@dataclass(frozen=True, slots=True)
class Recording:
    """A source of samples or of a matrix, its duration in seconds, and the line that names it."""

    source: str
    duration: float
    line: int


def read(
    root: Path,
    splits: Mapping[str, str],
    *,
    alignment: Alignment = "auto",
    strip_marks: bool = True,
    sample_rate: int | None = None,
    allow_pipes: Sequence[str] = (),
    precomputed: float | None = None,
) -> tuple[list[Utterance], list[Label]]:
    """Read the data directories of ``splits`` (split → folder under ``root``) into utterances and labels, in seconds.

    ``precomputed`` is the frame shift (seconds) of a feats.scp that is read in place of the audio. Recordings are
    opened, not decoded. Raises InputError naming file and line for whatever does not fit.
    """
    utterances: dict[str, Utterance] = {}
    labels: list[Label] = []
    for split, name in splits.items():
        folder = root / name
        if not folder.is_dir():
            raise InputError("no such folder", folder, fix=f"see root and splits: {split} is to be there")
        if precomputed is None:
            scp, recordings = _recordings(folder, root, allow_pipes, sample_rate)
        else:
            scp, recordings = folder / "feats.scp", _matrices(folder / "feats.scp", precomputed)
        speakers = _pairs(folder / "utt2spk") if (folder / "utt2spk").exists() else None
        for key, recording in recordings.items():
            if key in utterances:
                raise InputError(f"utterance {key!r} stands in {utterances[key].split} too", scp, recording.line)
            if speakers is not None and key not in speakers:
                raise InputError(f"names no speaker for {key!r}", folder / "utt2spk")
            speaker = key if speakers is None else speakers[key][1]
            utterances[key] = Utterance(key, split, speaker, recording.source, round(recording.duration, digits))
        labels.extend(_labels(folder, alignment, scp.name, recordings, strip_marks=strip_marks))
    return list(utterances.values()), labels


def phone(label: str) -> str:
    """Strip a position suffix and one stress digit: AH0_I → AH."""
    bare = re.sub(r"_[BIES]$", "", label)
    return re.sub(r"(?<=[^\d])\d$", "", bare)


def _lines(path: Path, fields: int) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields (the last takes the rest of the line) of a Kaldi text file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", path) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", path) from None
    for number, line in enumerate(text.split("\n"), start=1):
        parts = line.split(maxsplit=fields - 1)
        if not parts:
            continue
        if len(parts) < fields:
            raise InputError(f"has {len(parts)} fields, {fields} wanted: {line!r}", path, number)
        yield number, [part.strip() for part in parts]


def _pairs(path: Path) -> dict[str, tuple[int, str]]:
    """Read ``key value`` lines into key → (line, value)."""
    pairs: dict[str, tuple[int, str]] = {}
    for line, (key, value) in _lines(path, 2):
        if key in pairs:
            raise InputError(f"{key!r} stands twice, first on line {pairs[key][0]}", path, line)
        pairs[key] = line, value
    return pairs


def _recordings(
    folder: Path, root: Path, allow_pipes: Sequence[str], sample_rate: int | None
) -> tuple[Path, dict[str, Recording]]:
    """Return the file that names a split's utterances and utterance → recording, with every recording opened once."""
    scp = folder / "wav.scp"
    recordings: dict[str, Recording] = {}
    for name, (line, value) in _pairs(scp).items():
        source = _source(value, folder, root, allow_pipes, line)
        try:
            duration, rate = audio.probe(source, allow_pipes)
        except InputError as error:
            raise InputError(str(error), scp, line) from None
        if sample_rate is not None and rate != sample_rate:
            fix = f"resample it, or drop sample_rate: {sample_rate} from the configuration"
            raise InputError(f"{source} has {rate} Hz where {sample_rate} Hz is demanded", scp, line, fix)
        recordings[name] = Recording(source, duration, line)
    if (folder / "segments").exists():
        return folder / "segments", _segments(folder / "segments", recordings)
    return scp, recordings


def _source(value: str, folder: Path, root: Path, allow_pipes: Sequence[str], line: int) -> str:
    scp = folder / "wav.scp"
    if value.endswith("|"):
        audio.check_pipe(value, allow_pipes, scp, line)
        return value
    path = folder / value
    if not Path(value).is_absolute() and not path.resolve().is_relative_to(root.resolve()) and ".." in path.parts:
        raise InputError(f"{value!r} climbs out of the corpus", scp, line, "give an absolute path")
    return str(path)


def _segments(path: Path, recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    segments: dict[str, Recording] = {}
    for line, (utterance, name, first, last) in _lines(path, 4):
        if name not in recordings:
            raise InputError(f"recording {name!r} is not in wav.scp", path, line)
        if utterance in segments:
            raise InputError(f"{utterance!r} stands twice, first on line {segments[utterance].line}", path, line)
        recording = recordings[name]
        start, end = _time(first, path, line), _time(last, path, line)
        if not 0 <= start < end <= recording.duration + frame:
            where = f"{start:g}–{end:g} s does not lie in the {recording.duration:g} s of audio"
            raise InputError(f"segment {where}", path, line)
        if recording.source.endswith("|"):
            raise InputError(f"{name!r} is a pipe, which cannot be cut into segments", path, line)
        end = min(end, recording.duration)
        source = f"{recording.source}#t={start:.{digits}f},{end:.{digits}f}"
        segments[utterance] = Recording(source, end - start, line)
    return segments


def _matrices(scp: Path, frame_shift: float) -> dict[str, Recording]:
    matrices, width = {}, None
    for utterance, (line, source) in _pairs(scp).items():
        if "|" in source:
            raise InputError(f"pipe commands are not run: {source!r}", scp, line)
        try:
            frames, columns = read_matrix(source).shape
        except InputError as error:
            raise InputError(str(error), scp, line) from None
        except OSError as error:
            raise InputError(f"{source} cannot be read ({error.strerror or error})", scp, line) from None
        if width not in (None, columns):
            raise InputError(f"{utterance!r} has {columns} columns where those before it have {width}", scp, line)
        width = columns
        matrices[utterance] = Recording(source, frames * frame_shift, line)
    return matrices


def _labels(
    folder: Path, alignment: Alignment, manifest: str, recordings: Mapping[str, Recording], *, strip_marks: bool
) -> Iterator[Label]:
    path = _alignment_file(folder, alignment)
    if path is None:
        return
    last: dict[str, float] = {}
    for line, label in _ctm(path) if path.name == "phones.ctm" else _text_ali(path):
        name, start, end = label.utterance, label.start, label.end
        if name not in recordings:
            raise InputError(f"utterance {name!r} is not in {manifest}", path, line)
        duration = round(recordings[name].duration, digits)
        span = f"label {label.label!r} of {name!r}"
        if end <= start:
            raise InputError(f"{span} ends at {end:g} s, not after its start at {start:g} s", path, line)
        if start < 0 or start >= duration or end > duration + frame + 1e-6:
            raise InputError(f"{span} at {start:g}–{end:g} s does not lie in the {duration:g} s of audio", path, line)
        if start < last.get(name, 0.0) - 1e-6:
            raise InputError(f"{span} starts at {start:g} s, before the end of the one before it", path, line)
        last[name] = end
        yield Label(name, start, min(end, duration), phone(label.label) if strip_marks else label.label)


def _alignment_file(folder: Path, alignment: Alignment) -> Path | None:
    if alignment == "none":
        return None
    if alignment == "auto":
        present = [folder / name for name in ("phones.ctm", "text_ali") if (folder / name).exists()]
        return present[0] if present else None
    if not (folder / alignment).exists():
        raise InputError("no such file", folder / alignment, fix="or set alignment: none")
    return folder / alignment


def _ctm(path: Path) -> Iterator[tuple[int, Label]]:
    for line, (utterance, _, first, length, label) in _lines(path, 5):
        start = _time(first, path, line)
        end = round(start + _time(length, path, line), digits)
        yield line, Label(utterance, start, end, label.split()[0])


def _text_ali(path: Path) -> Iterator[tuple[int, Label]]:
    for line, (utterance, text) in _lines(path, 2):
        for entry in filter(str.strip, text.split(";")):
            try:
                label, first, last = entry.split()
                start, end = round(int(first) * frame, digits), round(int(last) * frame, digits)
            except ValueError:
                raise InputError(f"{entry.strip()!r} is not 'phone start end'", path, line) from None
            yield line, Label(utterance, start, end, label)


def _time(text: str, path: Path, line: int) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not abs(seconds) < float("inf"):
        raise InputError(f"{text!r} is not a time in seconds", path, line)
    return seconds
