"""The ten voices of the speech sample, and the processing that makes them sound like ten people in ten rooms."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from unitdisc.corpora.samples import espeak
from unitdisc.corpora.samples.espeak import Phrase, Speech
from unitdisc.corpora.samples.phones import Phones, silence

sample_rate = 16000  # Hz
grid = 8  # samples; bounds are multiples of it, 0.5 ms, and so exact in four decimals
level = 0.08  # root mean square of the speech, of full scale
highest = 0.95  # of full scale; utterances with a louder peak are attenuated


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker: an eSpeak variant, and how it differs from the others of that variant.

    ``warp`` stretches the spectrum (above 1: a shorter vocal tract), ``pitch`` is eSpeak's, from 0 to 99 (50 steps per
    octave), before the warp, and ``rate`` is in words per minute.
    """

    speaker: str
    variant: str
    warp: float
    pitch: int
    rate: int


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Samples (T,) at 16 kHz as 16-bit integers, with the phones that cover all of them."""

    samples: NDArray[np.int16]
    phones: Phones


# Variants with an echo are left out: their pauses are not silent. The last two are kept for the test split.
voices = (
    Voice("s01", "m1", 0.88, 45, 170),
    Voice("s02", "f1", 1.12, 50, 185),
    Voice("s03", "Gene", 0.98, 55, 195),
    Voice("s04", "Annie", 1.04, 35, 165),
    Voice("s05", "m7", 0.93, 40, 180),
    Voice("s06", "m3", 1.22, 85, 190),
    Voice("s07", "m8", 1.06, 50, 160),
    Voice("s08", "m5", 0.95, 42, 175),
    Voice("s09", "m6", 0.90, 50, 180),
    Voice("s10", "f1", 1.16, 88, 170),
)


def phrase(text: str, voice: Voice, random: np.random.Generator) -> Phrase:
    """Return how eSpeak must say ``text``, before the warp of ``voice`` changes rate and pitch, which vary a little."""
    rate = voice.rate / voice.warp * random.uniform(0.95, 1.25)
    pitch = voice.pitch - 50 * np.log2(voice.warp) + random.uniform(-8, 8)
    pitch_range = random.uniform(35, 65)
    return Phrase(text, f"en-us+{voice.variant}", round(rate), int(np.clip(round(pitch), 0, 99)), round(pitch_range))


def equaliser(random: np.random.Generator, *, deviation: float) -> NDArray[np.float64]:
    """Sample gains (9,) at evenly spaced mel frequencies, with a standard deviation of ``deviation`` dB."""
    return random.normal(0.0, deviation, size=9)


def utter(
    speech: Speech, phones: Phones, voice: Voice, gains: NDArray[np.float64], random: np.random.Generator
) -> Spoken:
    """Turn eSpeak's speech into a recording of ``voice`` in its room, whose equaliser is ``gains`` (9,) in dB.

    One resampling by a fraction does both the warp and the conversion to 16 kHz; the times of the phones are scaled by
    the same fraction. The equaliser has no delay. Warp and equaliser vary a little between utterances. Noise is about
    42 dB below the speech, in the padding too.
    """
    source_rate = espeak.sample_rate * voice.warp * random.uniform(0.95, 1.05)
    ratio = Fraction(sample_rate / source_rate).limit_denominator(64)
    warped = _resampled(speech.samples / 32768, ratio)
    before, after = (grid * random.integers(300, 900, size=2)).tolist()  # 0.15 to 0.45 s
    total = -(-(before + len(warped) + after) // grid) * grid
    samples = np.zeros(total)
    samples[before : before + len(warped)] = warped
    samples = _equalised(samples, gains + equaliser(random, deviation=2.5))
    power = np.sum(samples**2) / len(warped)
    samples *= min(level / np.sqrt(power), highest / np.abs(samples).max())
    samples += level * 10 ** (-random.uniform(40, 44) / 20) * random.standard_normal(total)
    # Phones and words are moved in the same way, so that bounds that coincide still do.
    bounds, words = (
        np.round((before + positions * float(ratio)) / grid).astype(np.int64) * grid
        for positions in (phones.bounds, phones.words)
    )
    return Spoken(np.round(samples * 32767).astype(np.int16), _padded(Phones(phones.names, bounds, words), total))


def _resampled(samples: NDArray[np.float64], ratio: Fraction) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator))


def _equalised(samples: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filter with zero phase by the gains (dB), interpolated linearly over mel frequency."""
    spectrum = np.fft.rfft(samples)
    mel = np.log1p(np.linspace(0, sample_rate / 2, len(spectrum)) / 700)
    decibels = np.interp(mel, np.linspace(0, mel[-1], len(gains)), gains)
    return np.fft.irfft(spectrum * 10 ** (decibels / 20), n=len(samples))


def _padded(phones: Phones, total: int) -> Phones:
    """Return the phones with the silence at both ends extended over the padding."""
    names, bounds = list(phones.names), phones.bounds.tolist()
    if names[0] == silence:
        names, bounds = names[1:], bounds[1:]
    if names[-1] == silence:
        names, bounds = names[:-1], bounds[:-1]
    return Phones((silence, *names, silence), np.array([0, *bounds, total]), phones.words)
