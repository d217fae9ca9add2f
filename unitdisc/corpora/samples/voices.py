"""The ten voices of the speech sample, and what makes one synthesiser sound like ten people in ten rooms."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from unitdisc.corpora.samples import espeak
from unitdisc.corpora.samples.espeak import Phrase, Speech
from unitdisc.corpora.samples.phones import Phones, silence

sample_rate = 16000  # Hz
grid = 8  # samples; bounds on it are multiples of 0.5 ms, exact in four decimals
level = 0.08  # root mean square of the speech, of full scale
highest = 0.95  # of full scale; a louder peak turns the utterance down


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker: an eSpeak variant, and how it differs from the others of that variant.

    ``warp`` stretches the spectrum (above 1: a shorter vocal tract), ``pitch`` is eSpeak's from 0 to 99 (50 steps an
    octave) before the warp, ``rate`` in words a minute.
    """

    speaker: str
    variant: str
    warp: float
    pitch: int
    rate: int


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Samples (T,) at 16 kHz as 16-bit integers, with the phones that cover them whole."""

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
    """Return how ``voice`` says ``text`` this time, as eSpeak is to say it before the warp moves its rate and pitch."""
    rate = voice.rate / voice.warp * random.uniform(0.95, 1.25)
    pitch = voice.pitch - 50 * np.log2(voice.warp) + random.uniform(-8, 8)
    spread = random.uniform(35, 65)
    return Phrase(text, f"en-us+{voice.variant}", round(rate), int(np.clip(round(pitch), 0, 99)), round(spread))


def equaliser(random: np.random.Generator, *, spread: float) -> NDArray[np.float64]:
    """Draw gains (9,) at evenly spaced mel frequencies, with a standard deviation of ``spread`` dB."""
    return random.normal(0.0, spread, size=9)


def utter(
    speech: Speech, phones: Phones, voice: Voice, gains: NDArray[np.float64], random: np.random.Generator
) -> Spoken:
    """Turn what eSpeak said into a recording of ``voice`` in its room, whose equaliser is ``gains`` (9,) in dB.

    One resampling by a fraction is both the warp and the step to 16 kHz, and moves the phones by the same fraction; the
    equaliser has no delay. Warp and equaliser differ a little each time, for nobody speaks twice alike. Noise lies
    about 42 dB below the speech, in the padding too.
    """
    source_rate = espeak.sample_rate * voice.warp * random.uniform(0.95, 1.05)
    ratio = Fraction(sample_rate / source_rate).limit_denominator(64)
    warped = _resampled(speech.samples / 32768, ratio)
    before, after = (grid * random.integers(300, 900, size=2)).tolist()  # 0.15 to 0.45 s
    total = -(-(before + len(warped) + after) // grid) * grid
    samples = np.zeros(total)
    samples[before : before + len(warped)] = warped
    samples = _equalised(samples, gains + equaliser(random, spread=2.5))
    power = np.sum(samples**2) / len(warped)
    samples *= min(level / np.sqrt(power), highest / np.abs(samples).max())
    samples += level * 10 ** (-random.uniform(40, 44) / 20) * random.standard_normal(total)
    # Phones and words are moved alike, so that what coincides goes on doing so.
    bounds, words = (
        np.round((before + places * float(ratio)) / grid).astype(np.int64) * grid
        for places in (phones.bounds, phones.words)
    )
    return Spoken(np.round(samples * 32767).astype(np.int16), _padded(Phones(phones.names, bounds, words), total))


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
    return Phones((silence, *names, silence), np.array([0, *bounds, total]), phones.words)
