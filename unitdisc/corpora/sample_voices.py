"""The ten voices of the speech sample, and what makes one synthesiser sound like ten people in ten rooms."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from unitdisc.corpora import espeak
from unitdisc.corpora.espeak import Phrase, Speech
from unitdisc.corpora.sample_phones import Phones, silence

sample_rate = 16000  # Hz
grid = 8  # samples; bounds on it are multiples of 0.5 ms, exact in four decimals
level = 0.08  # root mean square of the speech, of full scale
highest = 0.95  # of full scale; a louder peak turns the utterance down


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker: an eSpeak variant, ``warp`` of its spectrum (above 1: a shorter vocal tract), pitch 0–99, words/min."""

    speaker: str
    variant: str
    warp: float
    pitch: int
    rate: int


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Samples (T,) at 16 kHz as 16-bit integers, with the phones that cover them whole."""

    samples: NDArray[np.int16]
    phones: Phones


# Variants with an echo are left out: their pauses are not silent. The last two are kept for the test split.
voices = (
    Voice("s01", "m1", 0.94, 45, 150),
    Voice("s02", "f1", 1.04, 50, 165),
    Voice("s03", "m3", 1.00, 55, 175),
    Voice("s04", "Annie", 1.00, 35, 145),
    Voice("s05", "m7", 0.97, 40, 160),
    Voice("s06", "m4", 1.17, 85, 170),
    Voice("s07", "m8", 1.03, 50, 140),
    Voice("s08", "f1", 0.97, 42, 155),
    Voice("s09", "m6", 0.95, 50, 160),
    Voice("s10", "m3", 1.14, 88, 150),
)


def phrase(text: str, voice: Voice, random: np.random.Generator) -> Phrase:
    """Return how ``voice`` says ``text`` this time: rate and pitch differ a little from one utterance to the next.

    Both are set against the warp, which moves them along with the spectrum.
    """
    rate = voice.rate / voice.warp * random.uniform(0.93, 1.07)
    pitch = voice.pitch - 50 * np.log2(voice.warp) + random.uniform(-5, 5)  # 50 steps of eSpeak are an octave
    spread = random.uniform(35, 65)
    name = f"en-us+{voice.variant}"
    return Phrase(text, name, round(rate), int(np.clip(round(pitch), 0, 99)), round(spread))


def equaliser(random: np.random.Generator) -> NDArray[np.float64]:
    """Draw the gains (9,) in dB at evenly spaced mel frequencies of a speaker's mouth, room and microphone."""
    return random.normal(0.0, 3.0, size=9)


def utter(
    speech: Speech, phones: Phones, voice: Voice, gains: NDArray[np.float64], random: np.random.Generator
) -> Utterance:
    """Turn a phrase as eSpeak said it into a recording of ``voice``, its phones moved along.

    Warp and resampling are one step; the equaliser has no delay; noise lies about 42 dB below the speech, padding included.
    """
    ratio = Fraction(sample_rate / (espeak.sample_rate * voice.warp)).limit_denominator(64)
    warped = _resampled(speech.samples / 32768, ratio)
    before, after = (grid * random.integers(300, 900, size=2)).tolist()  # 0.15 to 0.45 s
    total = -(-(before + len(warped) + after) // grid) * grid
    samples = np.zeros(total)
    samples[before : before + len(warped)] = warped
    samples = _equalised(samples, gains)
    spoken = samples[before : before + len(warped)]
    samples *= min(level / np.sqrt(np.mean(spoken**2)), highest / np.abs(samples).max())
    noise = level * 10 ** (-random.uniform(40, 44) / 20)
    samples += noise * random.standard_normal(total)
    moved = np.round((before + phones.bounds * float(ratio)) / grid).astype(np.int64) * grid
    return Utterance(np.round(samples * 32767).astype(np.int16), _padded(Phones(phones.names, moved), total))


def _resampled(samples: NDArray[np.float64], ratio: Fraction) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator))


def _equalised(samples: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh the spectrum (zero phase), with the gains (dB) joined by lines over mel frequency."""
    spectrum = np.fft.rfft(samples)
    mel = np.log1p(np.linspace(0, sample_rate / 2, len(spectrum)) / 700)
    decibels = np.interp(mel, np.linspace(0, mel[-1], len(gains)), gains)
    return np.fft.irfft(spectrum * 10 ** (decibels / 20), n=len(samples))


def _padded(phones: Phones, total: int) -> Phones:
    """Let the silence at both ends reach over the padding."""
    names, bounds = list(phones.names), phones.bounds.tolist()
    if names[0] == silence:
        names, bounds = names[1:], bounds[1:]
    if names[-1] == silence:
        names, bounds = names[:-1], bounds[:-1]
    return Phones((silence, *names, silence), np.array([0, *bounds, total]))
