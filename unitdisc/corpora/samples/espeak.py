"""eSpeak NG in a separate process: phrases in, samples and the times and words of their phonemes out.

The library keeps global state and may end the process that loads it, so ``speak`` runs this module with ``python -m``
and the binding below never runs in the caller.
"""

import ctypes
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.corpora.samples.espeak_words import word_numbers
from unitdisc.errors import InputError

sample_rate = 22050  # Hz; what espeak_Initialize returns once it has found its data
longest_path = 120  # characters; the library truncates a data path at about 150 and then finds no data
phoneme_event = 7
retrieval, phoneme_events, stay_alive, utf8 = 2, 1, 0x8000, 1  # espeak_AUDIO_OUTPUT, options, options, flags
rate_parameter, pitch_parameter, range_parameter = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text and how to speak it: ``rate`` in words per minute, ``pitch`` and ``range`` from 0 to 99."""

    text: str
    voice: str
    rate: int
    pitch: int
    range: int


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Samples (T,) at 22050 Hz, and the phonemes' names with the samples (N,) at which eSpeak reports their starts.

    ``words`` (N,) is the index, from 0, of the word of each phoneme; for a pause it has no meaning.
    """

    samples: NDArray[np.int16]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    words: NDArray[np.int64]


class Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


callback_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


def speak(phrases: Sequence[Phrase], *, seed: int) -> list[Speech]:
    """Synthesise the phrases in order; the same phrases and seed give the same samples.

    Raises InputError if espeakng-loader is not installed or the library fails.
    """
    if importlib.util.find_spec("espeakng_loader") is None:
        raise InputError("the speech sample needs espeakng-loader", fix="run: pip install unitdisc[sample]")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "speech.npz"
        command = [sys.executable, "-m", "unitdisc.corpora.samples.espeak", str(seed), str(output)]
        phrase_list = json.dumps([asdict(phrase) for phrase in phrases])
        process = subprocess.run(command, input=phrase_list, capture_output=True, text=True, errors="replace")  # noqa: S603
        if process.returncode != 0:
            reason = (process.stderr.strip().splitlines() or [f"it ended with {process.returncode}"])[-1]
            raise InputError(f"eSpeak NG failed: {reason}", fix="reinstall espeakng-loader")
        with np.load(output) as arrays:
            return _unpack(arrays)


def main() -> None:
    """Read a JSON list of phrases from standard input; write the speech to the file named by the second argument."""
    phrases = [Phrase(**phrase) for phrase in json.load(sys.stdin)]
    seed, output = int(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        library = _load(Path(folder))
        speeches = [_say(library, phrase, seed) for phrase in phrases]
    np.savez(
        output,
        samples=np.concatenate([np.zeros(0, np.int16), *(speech.samples for speech in speeches)]),
        lengths=np.array([len(speech.samples) for speech in speeches], dtype=np.int64),
        names=np.array([name for speech in speeches for name in speech.names], dtype=np.str_),
        starts=np.concatenate([np.zeros(0, np.int64), *(speech.starts for speech in speeches)]),
        words=np.concatenate([np.zeros(0, np.int64), *(speech.words for speech in speeches)]),
        counts=np.array([len(speech.starts) for speech in speeches], dtype=np.int64),
    )


def _unpack(arrays: Any) -> list[Speech]:
    sample_cuts, event_cuts = np.cumsum(arrays["lengths"])[:-1], np.cumsum(arrays["counts"])[:-1]
    samples = np.split(arrays["samples"], sample_cuts)
    events = zip(samples, *(np.split(arrays[key], event_cuts) for key in ("names", "starts", "words")), strict=True)
    return [Speech(wave, tuple(names.tolist()), starts, words) for wave, names, starts, words in events]


def _load(folder: Path) -> Any:
    """Load and initialise the library; ``folder`` holds a link to its data if their path is too long."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = Path(espeakng_loader.get_data_path())
    if len(str(data)) > longest_path:
        link = folder / data.name
        link.symlink_to(data, target_is_directory=True)
        data = link
    rate = library.espeak_Initialize(retrieval, 0, str(data).encode(), phoneme_events | stay_alive)
    if rate != sample_rate:
        raise InputError(f"Initialize returns {rate}, not {sample_rate}, with the data in {data}")
    return library


def _say(library: Any, phrase: Phrase, seed: int) -> Speech:
    chunks: list[NDArray[np.int16]] = []
    events: list[tuple[str, int, int]] = []

    def collect(wave: Any, count: int, first: Any) -> int:
        if wave and count:
            chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        number = 0
        while first[number].type:  # the list ends with an event of type 0
            if first[number].type == phoneme_event:
                event = first[number]
                events.append((event.name.decode(), event.sample, event.text_position - 1))
            number += 1
        return 0

    # Referenced until the synthesis is over: the library holds no reference that Python knows of.
    callback = callback_type(collect)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(phrase.voice.encode()) != 0:
        raise InputError(f"eSpeak NG has no voice {phrase.voice!r}")
    # Breathy voices use the library's random generator, which Initialize seeds by the clock.
    library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
    library.espeak_SetParameter(rate_parameter, phrase.rate, 0)
    library.espeak_SetParameter(pitch_parameter, phrase.pitch, 0)
    library.espeak_SetParameter(range_parameter, phrase.range, 0)
    text = phrase.text.encode()
    if library.espeak_Synth(text, len(text) + 1, 0, 1, 0, utf8, None, None) != 0 or not chunks:
        raise InputError(f"eSpeak NG cannot say {phrase.text!r}")
    names, starts, positions = zip(*events, strict=True)
    words = word_numbers(phrase.text, positions, names)
    return Speech(np.concatenate(chunks), names, np.array(starts, dtype=np.int64), np.array(words, dtype=np.int64))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
