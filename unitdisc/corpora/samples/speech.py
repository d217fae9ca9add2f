"""The speech sample: ten synthetic voices with exact phone and word times, written as Kaldi data directories."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from unitdisc.arrays import Ints
from unitdisc.config import AnyFeatures, CorpusSettings
from unitdisc.config.corpora import excluded
from unitdisc.corpora.kaldi import KaldiCorpus, KaldiSettings, existing
from unitdisc.corpora.reader import SampleCorpus
from unitdisc.corpora.samples import espeak, sentences
from unitdisc.corpora.samples.phones import phones
from unitdisc.corpora.samples.voices import Spoken, Voice, equaliser, phrase, sample_rate, utter, voices
from unitdisc.errors import InputError
from unitdisc.formats.ctm import ctm_lines
from unitdisc.records import Label, Utterance

texts = {"train": sentences.train, "dev": sentences.dev, "test": sentences.test}
unseen = 2  # the last voices, which are only in the test split
shares = {"train": 0.72, "dev": 0.1, "test": 0.18}  # of the time of a seen voice
unseen_shares = {"test": 0.5}  # of the time of a seen voice
room = 3.0  # dB; standard deviation of the speakers' equalisers
character, pauses = 0.057, 0.6  # seconds; of a character at 160 words per minute, and of an utterance's padding


class SampleSpeechSettings(CorpusSettings):
    """Speech synthesised by eSpeak NG, with exact phone times."""

    kind: Literal["sample-speech"] = "sample-speech"
    minutes: float = Field(8.0, gt=0, description="Duration of the corpus.")
    seed: int = Field(0, ge=0, description="Seed of all random choices.")
    exclude: tuple[str, ...] = Field(("SIL",), description=excluded)
    features: AnyFeatures = Field({"kind": "speech"}, validate_default=True, description="speech.")


class SampleSpeech(SampleCorpus):
    """The embedded speech sample: ten synthetic voices, in Kaldi data directories."""

    Settings = SampleSpeechSettings
    settings: SampleSpeechSettings

    def make(self) -> None:
        """Synthesise the corpus; see ``synthesise``."""
        synthesise(self.source, minutes=self.settings.minutes, seed=self.settings.seed)

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the data directories."""
        settings = KaldiSettings(
            root=self.source, splits={split: split for split in texts}, features=self.settings.features
        )
        reader = KaldiCorpus(settings, self.source)
        reader.rates = self.rates
        return reader.read()

    def word_files(self) -> list[Path]:
        """Return the words.ctm of each split."""
        return existing(self.source, texts, "words.ctm")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to record: the utterance's name, its split, the voice, and the text."""

    utterance: str
    split: str
    voice: Voice
    text: str


def synthesise(folder: Path, *, minutes: float = 8.0, seed: int = 0) -> None:
    """Write the speech sample to ``folder`` as Kaldi data directories with audio, phones.ctm and words.ctm.

    About ``minutes`` of 16 kHz FLAC by ten voices, two of them in the test split only; at least one utterance per voice
    and split, about a minute in all. The same minutes and seed give the same bytes. ``folder`` is replaced as a whole
    or not at all. Raises InputError if eSpeak NG is not installed or the folder holds something else.
    """
    if not 0 < minutes <= 600:
        raise InputError(f"{minutes:g} minutes of sample speech cannot be made", fix="ask for 1 to 600")
    _check_replaceable(folder)
    random = np.random.default_rng(seed)
    gains = {voice.speaker: equaliser(random, deviation=room) for voice in voices}
    prompts = list(_prompts(minutes, random))
    speeches = espeak.speak([phrase(prompt.text, prompt.voice, random) for prompt in prompts], seed=seed)
    utterances = (
        utter(speech, phones(speech), prompt.voice, gains[prompt.voice.speaker], random)
        for prompt, speech in zip(prompts, speeches, strict=True)
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        built = Path(temporary) / "built"
        _write(built, zip(prompts, utterances, strict=True))
        if folder.exists():
            folder.rename(Path(temporary) / "replaced")
        built.rename(folder)


def _check_replaceable(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, and the speech sample is a folder", folder)
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in texts and not path.name.startswith("."):
            raise InputError(f"holds {path.name!r}, which is no part of the sample", folder, fix="name another folder")


def _prompts(minutes: float, random: np.random.Generator) -> Iterator[Prompt]:
    """Yield each voice's sentences of each split, until the voice has its share of the time."""
    decks = {split: _shuffled(deck, random) for split, deck in texts.items()}
    seen = len(voices) - unseen
    seconds = 60 * minutes / (seen + unseen * sum(unseen_shares.values()))
    for index, voice in enumerate(voices):
        number = 0
        for split, share in (shares if index < seen else unseen_shares).items():
            spoken = 0.0
            while spoken == 0 or spoken < share * seconds:
                number += 1
                prompt = Prompt(f"{voice.speaker}-{number:04d}", split, voice, next(decks[split]))
                spoken += pauses + character * len(prompt.text) * 160 / voice.rate
                yield prompt


def _shuffled(texts: tuple[str, ...], random: np.random.Generator) -> Iterator[str]:
    """Yield all texts in a random order, then all again in another order, without end."""
    while True:
        for index in random.permutation(len(texts)).tolist():
            yield texts[index]


def _write(root: Path, recordings: Iterable[tuple[Prompt, Spoken]]) -> None:
    import soundfile

    lines: dict[Path, list[str]] = {}
    for prompt, utterance in recordings:
        folder = root / prompt.split
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        audio = f"audio/{prompt.utterance}.flac"
        soundfile.write(str(folder / audio), utterance.samples, sample_rate, subtype="PCM_16")
        for name, entries in _entries(prompt, utterance, audio).items():
            lines.setdefault(folder / name, []).extend(entries)
    for path, entries in lines.items():
        path.write_text("".join(entries), encoding="utf-8", newline="\n")


def _entries(prompt: Prompt, spoken: Spoken, audio: str) -> dict[str, list[str]]:
    """Return an utterance's lines in each file of a data directory; times in seconds."""
    name, phones, words = prompt.utterance, spoken.phones, [w.strip(".,?") for w in prompt.text.lower().split()]
    return {
        "wav.scp": [f"{name} {audio}\n"],
        "utt2spk": [f"{name} {prompt.voice.speaker}\n"],
        "text": [f"{name} {' '.join(words)}\n"],
        "utt2dur": [f"{name} {len(spoken.samples) / sample_rate:.4f}\n"],
        "phones.ctm": _ctm(name, phones.names, phones.bounds[:-1], phones.bounds[1:]),
        "words.ctm": _ctm(name, words, phones.words[:, 0], phones.words[:, 1]),
    }


def _ctm(utterance: str, names: Sequence[str], starts: Ints, ends: Ints) -> list[str]:
    """Return the lines of a CTM, given the first sample of each name and the first one after it."""
    spans = zip(starts / sample_rate, (ends - starts) / sample_rate, names, strict=True)
    return list(ctm_lines(utterance, ((f"{start:.4f}", f"{length:.4f}", name) for start, length, name in spans)))
