"""Reading recordings, whole or in part; see ``audio_source`` for what a source can be."""

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError, one_line
from unitdisc.formats.audio_source import Part, opened, part_of
from unitdisc.formats.declared_length import never_ends, promised
from unitdisc.formats.flac_header import flac_length, with_length, without_tag
from unitdisc.formats.mp3_header import mp3_frames, with_frames
from unitdisc.formats.wav_header import completed, wav_data
from unitdisc.guard import reason
from unitdisc.modality import modalities
from unitdisc.notices import Notices

if TYPE_CHECKING:
    from soundfile import SoundFile

Samples = NDArray[np.float32]

longest = 2**40  # samples: more stand for an unknown length
block = 2**20  # samples that are decoded at a time
own_endings = modalities["speech"].endings - {".m4a"}  # those of libsndfile
cut_short = "recordings shorter than their header says, used as far as they go"


class UndecodedError(Exception):
    """What libsndfile cannot decode; the text is its reason."""


def probe(source: str, allow_pipes: Sequence[str] = (), notices: Notices | None = None) -> tuple[float, int]:
    """Return the duration (seconds) and sample rate (Hz) of a source.

    A header's length is checked, and counted by decoding where it is wrong or unknown; ``notices`` learns of sources
    that are cut short. Raises InputError for a missing or unreadable file, or one without samples.
    """
    part = part_of(source)
    frames, rate = _length(part.name, tuple(allow_pipes), notices or Notices())
    if frames <= 0:
        raise InputError("holds no samples", part.name)
    duration = frames / rate
    if part.start >= duration:
        raise InputError(f"has {duration:g} s, but the segment starts at {part.start:g} s", part.name)
    if part.end is not None and part.end <= part.start:
        raise InputError(f"the segment ends at {part.end:g} s, not after its start at {part.start:g} s", part.name)
    return (duration if part.end is None else min(part.end, duration)) - part.start, rate


def read(source: str, allow_pipes: Sequence[str] = ()) -> tuple[Samples, int]:
    """Return the samples (T,) of a source, mixed down to one channel or of the channel it names, and their rate in Hz.

    A recording that is cut short is read as far as it goes. Raises InputError for a file that is missing, unreadable,
    without samples, or holds nan or infinity.
    """
    part = part_of(source)
    samples, rate = _samples(part, tuple(allow_pipes))
    if not len(samples):
        raise InputError("holds no samples", source)
    if samples.shape[1] == 1:
        mixed = samples[:, 0]  # a view: a recording may take gigabytes
    elif part.channel is None:
        with np.errstate(over="ignore", invalid="ignore"):  # an infinite sum is found below
            mixed = samples.mean(axis=1)
    elif part.channel < samples.shape[1]:
        mixed = np.ascontiguousarray(samples[:, part.channel])
    else:
        raise InputError(f"has no channel {part.channel}, but {samples.shape[1]} channels from 0", part.name)
    finite = np.isfinite(mixed)
    if not finite.all():
        raise InputError(f"sample {int(np.argmin(finite))} is not a finite number", source)
    return mixed, rate


@lru_cache(maxsize=1)  # the segments of a recording follow one another
def channels(source: str, allow_pipes: tuple[str, ...] = ()) -> int:
    """Return the number of channels of a source."""
    with _opened(part_of(source).name, allow_pipes) as file:
        return int(file.channels)


def _length(name: str, allowed: tuple[str, ...], notices: Notices) -> tuple[int, int]:
    """Return the number of samples of a channel that can be decoded, and the rate in Hz."""
    try:
        with _opened(name, allowed) as file:
            frames, rate = int(file.frames), int(file.samplerate)
            if (
                file.subtype not in ("FLOAT", "DOUBLE")
                and _reaches(file, frames)
                and not _longer(name, allowed, frames)
            ):
                _tell_of_the_rest(name, allowed, frames, notices)
                return frames, rate
        with _opened(name, allowed, recount=True) as file:
            decoded = 0
            for samples in _blocks(file):
                if not np.isfinite(samples).all():
                    raise InputError("holds samples that are not finite numbers", name)
                decoded += len(samples)
    except UndecodedError as error:
        samples, rate = _read_other(name, error)
        _tell_of_the_rest(name, allowed, len(samples), notices)
        return len(samples), rate
    if decoded < frames < longest:
        notices.add(cut_short, f"{name}, {decoded} of {frames} samples")
    else:
        _tell_of_the_rest(name, allowed, decoded, notices)
    return decoded, rate


@lru_cache(maxsize=1)  # the segments of a recording follow one another
def _longer(name: str, allowed: tuple[str, ...], frames: int) -> bool:
    """Return whether a FLAC or MP3 has more samples than the ``frames`` that its header declares."""
    ending = name.lower().rpartition(".")[2]
    if ending not in ("flac", "mp3"):
        return False
    with opened(name, allowed) as stream:
        if ending == "flac":
            length = flac_length(stream)
            return length is not None and length.with_last > frames
        sound = mp3_frames(stream)
        return sound is not None and sound.exceed(frames)


def _tell_of_the_rest(name: str, allowed: tuple[str, ...], frames: int, notices: Notices) -> None:
    """Tell ``notices`` of a recording whose header promises more than the ``frames`` that libsndfile finds."""
    with opened(name, allowed) as stream:
        data, promise = wav_data(stream), promised(stream)
        present = frames if promise is None or promise.present is None else promise.present
        if data is not None and data.short:
            notices.add(cut_short, f"{name}, {data.present} of {data.declared} bytes")
        elif promise is not None and present < promise.declared:
            notices.add(cut_short, f"{name}, {present} of {promise.declared} {promise.things}")
        elif never_ends(stream) or (name.lower().endswith(".mp3") and _ends_within_a_frame(stream)):
            notices.add(cut_short, f"{name}, without its end")


def _ends_within_a_frame(stream: BinaryIO) -> bool:
    sound = mp3_frames(stream)
    return sound is not None and sound.cut


def _samples(part: Part, allowed: tuple[str, ...]) -> tuple[Samples, int]:
    """Return the samples (T, channels) of a part, and the rate in Hz."""
    try:
        with _opened(part.name, allowed) as file:
            rate, frames = int(file.samplerate), int(file.frames)
            first, last = round(part.start * rate), None if part.end is None else round(part.end * rate)
            if 0 < frames < longest and not _longer(part.name, allowed, frames):
                first, end = min(first, frames), frames if last is None else min(last, frames)
                # What a header promises far beyond the sound is not asked for.
                samples = _read_part(file, first, end - first if end - first < block or _reaches(file, end) else 0)
                if len(samples) == end - first:
                    return samples, rate
        with _opened(part.name, allowed, recount=True) as file:
            decoded = list(_blocks(file))
            samples = np.concatenate(decoded) if decoded else np.zeros((0, 1), dtype=np.float32)
    except UndecodedError as error:
        samples, rate = _read_other(part.name, error)
    return samples[round(part.start * rate) : None if part.end is None else round(part.end * rate)], rate


def _read_part(file: "SoundFile", first: int, count: int) -> Samples:
    """Return ``count`` samples from ``first`` on, or fewer where the file does not have them."""
    with suppress(UndecodedError), _decoding():
        file.seek(first)
        samples: Samples = file.read(count, dtype="float32", always_2d=True)
        return samples
    return np.zeros((0, file.channels), dtype=np.float32)


def _reaches(file: "SoundFile", frames: int) -> bool:
    """Return whether the last of ``frames`` samples can be decoded."""
    if not 0 < frames < longest or not file.seekable():
        return False
    return len(_read_part(file, frames - 1, 1)) == 1


def _blocks(file: "SoundFile") -> Iterator[Samples]:
    """Yield the samples (N, channels) of a file until it ends, or until they can no longer be decoded."""
    decoded = False
    while True:
        try:
            with _decoding():
                samples = file.read(block, dtype="float32", always_2d=True)
        except UndecodedError:
            if not decoded:
                raise
            return
        if not len(samples):
            return
        decoded = True
        yield samples


@contextmanager
def _opened(name: str, allowed: tuple[str, ...], *, recount: bool = False) -> Iterator["SoundFile"]:
    """Open a file, archive entry or pipe for decoding, with the header of a WAV made to fit what is there.

    With ``recount``, that of a FLAC or an MP3 is made to fit too: libsndfile decodes no more than it says.
    """
    import soundfile

    with opened(name, allowed) as file_or_bytes:
        stream = without_tag(file_or_bytes)
        data, sound = wav_data(stream), stream
        if data is not None and data.open:
            sound = io.BytesIO(completed(stream, data))
        elif recount and (length := flac_length(stream)) is not None:
            whole = io.BytesIO(with_length(stream, length.with_last))
            with _decoding():
                file = soundfile.SoundFile(whole)
            with file:
                samples = length.with_last if _reaches(file, length.with_last) else length.before_last
            sound = io.BytesIO(with_length(stream, samples))
        elif recount and (frames := mp3_frames(stream)) is not None:
            sound = io.BytesIO(with_frames(stream, frames))
        sound.seek(0)
        # A file by its name, as libsndfile's own reading of it is faster and fails more quietly.
        with _decoding():
            file = soundfile.SoundFile(name if sound is stream and isinstance(stream, io.BufferedReader) else sound)
        with file:
            yield file


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn whatever libsndfile and its Python package raise for broken sound into UndecodedError."""
    try:
        yield
    except Exception as error:
        raise UndecodedError(getattr(error, "error_string", None) or reason(error)) from None


def _read_other(name: str, error: Exception) -> tuple[Samples, int]:
    """Read with librosa what libsndfile cannot read, such as AAC, for which it needs a program like ffmpeg."""
    import warnings

    import librosa

    why = one_line(str(error).strip())
    if name.endswith("|"):
        raise InputError(f"the pipe {name!r} gave no audio ({why})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            samples, rate = librosa.load(Path(name), sr=None, mono=False)
    except Exception:  # decoders raise many kinds of errors, which all mean the same to the user
        if Path(name).suffix.lower() in (".sph", ".wv1", ".wv2"):
            raise InputError(
                f"cannot be decoded ({why})", name, fix="if shorten packed it, use a sph2pipe pipe"
            ) from None
        common = Path(name).suffix.lower() in own_endings
        fix = None if common or shutil.which("ffmpeg") else "this format needs the program ffmpeg: install it"
        raise InputError(f"cannot be decoded ({why})", name, fix=fix) from None
    if rate < 1:  # libsndfile refuses it, others do not
        raise InputError(f"has a sample rate of {rate:g} Hz", name)
    return np.atleast_2d(samples).T.astype(np.float32), int(rate)
