"""Reading recordings: a source is a file, ``file#t=start,end`` in seconds, or a Kaldi pipe ``program arguments |``."""

import io
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError

shell_characters = set(";&|<>`$(){}*?[]~\n")


def check_pipe(command: str, allowed: Sequence[str], path: Path | None = None, line: int | None = None) -> list[str]:
    """Split the ``command`` of a pipe into its words, if its program is among the ``allowed`` ones.

    Raises InputError for a program that is not allowed, and for anything that needs a shell.
    """
    try:
        words = shlex.split(command.rstrip().removesuffix("|"))
    except ValueError as error:
        raise InputError(f"pipe command cannot be read ({error})", path, line) from None
    program = words[0] if words else ""
    if program not in allowed:
        fix = f"if you trust it, set allow_pipes: [{program}] in the corpus's configuration"
        raise InputError(f"pipe commands are not run: {command!r}", path, line, fix)
    if any(shell_characters & set(word) for word in words):
        raise InputError(f"pipe command {command!r} needs a shell, and none is used", path, line)
    return words


def probe(source: str, allow_pipes: Sequence[str] = ()) -> tuple[float, int]:
    """Return the duration (seconds) and sample rate (Hz) of a source, from its header where it has one.

    Raises InputError for a missing or unreadable file, or one without samples.
    """
    import soundfile

    name, start, end = _parts(source)
    if name.endswith("|"):
        samples, rate = read(source, allow_pipes)
        return len(samples) / rate, rate
    path = _existing(name)
    try:
        info = soundfile.info(str(path))
        frames, rate = int(info.frames), int(info.samplerate)
    except soundfile.LibsndfileError:
        samples, rate = _read_other(path)
        frames = len(samples)
    if frames <= 0:
        raise InputError("holds no samples", path)
    duration = frames / rate
    if start >= duration:
        raise InputError(f"has {duration:g} s, but the segment starts at {start:g} s", path)
    return (duration if end is None else min(end, duration)) - start, rate


def read(source: str, allow_pipes: Sequence[str] = ()) -> tuple[NDArray[np.float32], int]:
    """Return the samples (T,) of a source, mixed down to one channel, and their rate in Hz.

    Raises InputError for a file that is missing, unreadable, shorter than its header says, or holds nan or infinity.
    """
    import soundfile

    name, start, end = _parts(source)
    if name.endswith("|"):
        samples, rate = _read_pipe(name, allow_pipes)
    else:
        path = _existing(name)
        try:
            samples, rate = _read_file(path, start, end)
        except soundfile.LibsndfileError as error:
            samples, rate = _read_other(path, error)
            samples = samples[round(start * rate) : None if end is None else round(end * rate)]
    if not len(samples):
        raise InputError("holds no samples", source)
    finite = np.isfinite(samples)
    if not finite.all():
        raise InputError(f"sample {int(np.argmin(finite))} is not a finite number", source)
    return samples, rate


def _parts(source: str) -> tuple[str, float, float | None]:
    number = r"([0-9]+(?:\.[0-9]+)?)"
    match = re.fullmatch(rf"(.*)#t={number},{number}", source, flags=re.DOTALL)
    return (match[1], float(match[2]), float(match[3])) if match else (source, 0.0, None)


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise InputError("no such recording", path)
    size = path.stat().st_size
    if size == 0:
        raise InputError("is empty", path)
    with path.open("rb") as file:
        start = file.read(8)
    # libsndfile reads a truncated WAV without an error. The header of a stream holds 0 or the largest value instead.
    declared = int.from_bytes(start[4:8], "little") + 8
    if start[:4] == b"RIFF" and 8 < declared < 0x7FFFF000 and size < declared - 1:
        raise InputError(f"is truncated: {size} bytes where its header says {declared}", path)
    return path


def _read_file(path: Path, start: float, end: float | None) -> tuple[NDArray[np.float32], int]:
    import soundfile

    with soundfile.SoundFile(str(path)) as file:
        rate, frames = int(file.samplerate), int(file.frames)
        first = min(round(start * rate), frames)
        count = (frames if end is None else min(round(end * rate), frames)) - first
        file.seek(first)
        samples = file.read(count, dtype="float32", always_2d=True)
    if len(samples) < count:
        raise InputError(f"is truncated: {len(samples)} samples where its header says {count}", path)
    return samples.mean(axis=1), rate


def _read_other(path: Path, error: Exception | None = None) -> tuple[NDArray[np.float32], int]:
    """Read with librosa what libsndfile cannot read, such as AAC where the machine has a decoder for it."""
    import warnings

    import librosa

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            samples, rate = librosa.load(path, sr=None, mono=True)
    except Exception as other:  # decoders raise many kinds of errors, which all mean the same to the user
        reason = error or other
        raise InputError(f"cannot be decoded ({str(reason).strip() or type(reason).__name__})", path) from None
    return samples.astype(np.float32), int(rate)


def _read_pipe(command: str, allowed: Sequence[str]) -> tuple[NDArray[np.float32], int]:
    import soundfile

    words = check_pipe(command, allowed)
    try:
        output = subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout  # noqa: S603
        samples, rate = soundfile.read(io.BytesIO(output), dtype="float32", always_2d=True)
    except FileNotFoundError:
        raise InputError(f"the program {words[0]} of the pipe {command!r} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise InputError(f"the pipe {command!r} ended with exit code {error.returncode}") from None
    except soundfile.LibsndfileError as error:
        raise InputError(f"the pipe {command!r} gave no audio ({error})") from None
    return samples.mean(axis=1), int(rate)
