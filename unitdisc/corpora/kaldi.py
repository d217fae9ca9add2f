"""Kaldi data directories: wav.scp, segments, utt2spk and a phone alignment, one folder per split."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from unitdisc.config import AnyFeatures, CorpusSettings, InOrder, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.kaldi_matrix import read_matrix
from unitdisc.formats.kaldi_table import read_pairs, read_rows, read_utt2spk
from unitdisc.formats.labels import ali_frame, label_rows, plain_phone
from unitdisc.formats.text import close, digits, read_number
from unitdisc.records import Label, Utterance

Alignment = Literal["auto", "phones.ctm", "text_ali", "none"]

kaldi_files = ("wav.scp", "segments", "utt2spk", "feats.scp", "phones.ctm", "text_ali")
rounding = ali_frame  # seconds by which the end of a segment or an alignment may be past the audio


@dataclass(frozen=True, slots=True)
class Recording:
    """A source of samples or of a matrix, its duration in seconds, and the line that names it."""

    source: str
    duration: float
    line: int


class KaldiSettings(CorpusSettings):
    """Kaldi data directories: FLAC, WAV or NIST SPHERE, or the matrices of a feats.scp."""

    provides: ClassVar[tuple[Sources, ...]] = ("recordings", "matrices")

    kind: Literal["kaldi"] = "kaldi"
    root: Path = Field(description="Folder of the data directories.")
    splits: Annotated[dict[Split, str], InOrder] = Field(
        {"train": "train", "dev": "dev", "test": "test"}, description="The folder of each split, under `root`."
    )
    alignment: Alignment = Field("auto", description="The file of labels; auto takes the first of the two that exists.")
    strip_marks: bool = Field(True, description="Drop position suffixes and stress digits of phones: AA1_B is AA.")
    exclude: tuple[str, ...] = Field(("SIL", "SPN", "NSN", "<eps>"), description=excluded)
    sample_rate: int | None = Field(None, description="Sample rate (Hz) that every recording must have.")
    allow_pipes: tuple[str, ...] = Field((), description="Programs that wav.scp may run, such as sph2pipe.")
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech or precomputed.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that have a folder."""
        return tuple(self.splits)

    @property
    def pipes(self) -> tuple[str, ...]:
        """The programs that wav.scp may run."""
        return self.allow_pipes


class KaldiCorpus(CorpusReader):
    """Reads Kaldi data directories, one folder per split."""

    Settings = KaldiSettings
    settings: KaldiSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the splits of the settings; see ``read``."""
        plan = self.settings
        matrices = plan.features.needs == "matrices"
        return read(
            plan.root,
            {str(split): name for split, name in plan.splits.items()},
            alignment=plan.alignment,
            strip_marks=plan.strip_marks,
            sample_rate=plan.sample_rate,
            allow_pipes=plan.allow_pipes,
            precomputed=plan.features.shift if matrices else None,
        )

    @property
    def location(self) -> Path:
        """The folder of the data directories."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the Kaldi files that exist."""
        folders = [self.settings.root / name for name in self.settings.splits.values()]
        return [folder / name for folder in folders for name in kaldi_files if (folder / name).is_file()]

    def word_files(self) -> list[Path]:
        """Return the words.ctm of each split that has one."""
        return word_files(self.settings.root, self.settings.splits.values())


def word_files(root: Path, folders: Iterable[str]) -> list[Path]:
    """Return the words.ctm of each data directory that has one."""
    paths = [root / folder / "words.ctm" for folder in folders]
    return [path for path in paths if path.is_file()]


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

    ``precomputed`` is the frame shift (seconds) of a feats.scp that is read instead of the audio. Recordings are
    opened, not decoded. Raises InputError naming file and line for whatever does not fit.
    """
    utterances: dict[str, Utterance] = {}
    labels: list[Label] = []
    for split, name in splits.items():
        folder = root / name
        if not folder.is_dir():
            raise InputError("no such folder", folder, fix=f"check root and splits: {split} is expected there")
        if precomputed is None:
            scp, recordings = _recordings(folder, root, allow_pipes, sample_rate)
        else:
            scp, recordings = folder / "feats.scp", _matrices(folder / "feats.scp", precomputed)
        speakers = read_utt2spk(folder / "utt2spk") if (folder / "utt2spk").exists() else None
        for key, recording in recordings.items():
            if key in utterances:
                raise InputError(f"utterance {key!r} is in {utterances[key].split} too", scp, recording.line)
            if speakers is not None and key not in speakers:
                raise InputError(f"names no speaker for {key!r}", folder / "utt2spk")
            speaker = key if speakers is None else speakers[key]
            utterances[key] = Utterance(key, split, speaker, recording.source, round(recording.duration, digits))
        labels.extend(_labels(folder, alignment, scp.name, recordings, strip_marks=strip_marks))
    return list(utterances.values()), labels


def _recordings(
    folder: Path, root: Path, allow_pipes: Sequence[str], sample_rate: int | None
) -> tuple[Path, dict[str, Recording]]:
    """Return the file that lists a split's utterances, and utterance → recording; each recording is opened once."""
    scp = folder / "wav.scp"
    recordings: dict[str, Recording] = {}
    for name, (line, value) in read_pairs(scp).items():
        source = _source(value, folder, root, allow_pipes, line)
        try:
            duration, rate = audio.probe(source, allow_pipes)
        except InputError as error:
            raise InputError(str(error), scp, line) from None
        if sample_rate is not None and rate != sample_rate:
            fix = f"resample it, or drop sample_rate: {sample_rate} from the configuration"
            what = f"{source} has a sample rate of {rate} Hz, but the corpus requires {sample_rate} Hz"
            raise InputError(what, scp, line, fix)
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
        raise InputError(f"{value!r} leads out of the corpus", scp, line, "give an absolute path")
    return str(path)


def _segments(path: Path, recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    segments: dict[str, Recording] = {}
    for line, (utterance, name, first, last) in read_rows(path, 4):
        if name not in recordings:
            raise InputError(f"recording {name!r} is not in wav.scp", path, line)
        if utterance in segments:
            raise InputError(f"{utterance!r} occurs twice, first on line {segments[utterance].line}", path, line)
        recording = recordings[name]
        start, end = read_number(first, path, line), read_number(last, path, line)
        if not 0 <= start < end <= recording.duration + rounding:
            span = f"{start:g}–{end:g} s does not lie in the {recording.duration:g} s of audio"
            raise InputError(f"segment {span}", path, line)
        if recording.source.endswith("|"):
            raise InputError(f"{name!r} is a pipe, which cannot be cut into segments", path, line)
        end = min(end, recording.duration)
        source = f"{recording.source}#t={start:.{digits}f},{end:.{digits}f}"
        segments[utterance] = Recording(source, end - start, line)
    return segments


def _matrices(scp: Path, frame_shift: float) -> dict[str, Recording]:
    matrices, width = {}, None
    for utterance, (line, source) in read_pairs(scp).items():
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
    for line, name, start, end, label in label_rows(path, "ctm" if path.name == "phones.ctm" else "text_ali"):
        if name not in recordings:
            raise InputError(f"utterance {name!r} is not in {manifest}", path, line)
        duration = round(recordings[name].duration, digits)
        span = f"label {label!r} of {name!r}"
        if end <= start:
            raise InputError(f"{span} ends at {end:g} s, not after its start at {start:g} s", path, line)
        if start < 0 or start >= duration or end > duration + rounding + close:
            raise InputError(f"{span} at {start:g}–{end:g} s does not lie in the {duration:g} s of audio", path, line)
        if start < last.get(name, 0.0) - close:
            raise InputError(f"{span} starts at {start:g} s, before the end of the one before it", path, line)
        last[name] = end
        yield Label(name, start, min(end, duration), plain_phone(label) if strip_marks else label)


def _alignment_file(folder: Path, alignment: Alignment) -> Path | None:
    if alignment == "none":
        return None
    if alignment == "auto":
        present = [folder / name for name in ("phones.ctm", "text_ali") if (folder / name).exists()]
        return present[0] if present else None
    if not (folder / alignment).exists():
        raise InputError("no such file", folder / alignment, fix="or set alignment: none")
    return folder / alignment
