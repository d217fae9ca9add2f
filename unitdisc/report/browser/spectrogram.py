"""Excerpts of recordings: a log-mel spectrogram and the sound.

The spectrogram is only looked at, so numpy computes it: torch takes longer to start than all pictures of a page.
"""

from functools import lru_cache

import numpy as np

from unitdisc.arrays import Floats, Matrix
from unitdisc.errors import InputError
from unitdisc.features.rendering import Rendering
from unitdisc.formats import audio, audio_source
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Original, Stretch
from unitdisc.report.drawing import media
from unitdisc.report.results import CorpusResults

column = media.rate // 100  # samples per column of a spectrogram
window, padded = media.rate // 40, 512  # samples that a column is computed from, and with zeros after them
bands, lowest = 64, 20  # rows of a spectrogram, and the Hz at which they begin


class SpectrogramExcerpt:
    """Draws and plays stretches of recordings; the stored features are drawn if a recording no longer exists."""

    def __init__(self, corpus: CorpusResults) -> None:
        self.allow_pipes = corpus.allow_pipes

    def draw(self, utterance: Utterance, stretch: Stretch, frames: Matrix | None) -> tuple[str, str]:
        """Return spectrogram and sound, or a picture of the features."""
        samples = self._samples(utterance.source, stretch)
        if len(samples) > column:
            return media.picture(spectrogram(samples)), media.sound(samples)
        return ("" if frames is None else media.picture(frames)), ""

    def rebuilt(self, rendering: Rendering, original: Original | None = None) -> tuple[str, str]:
        """Return spectrogram and sound of a recording that was rebuilt, no picture of one without a column."""
        samples = media.resampled(rendering.data, rendering.rate or media.rate)
        true = self._samples(original[0].source, original[1]) if original else samples[:0]
        tones = spectrogram(true) if len(true) > column else None
        return (media.picture(spectrogram(samples), tones=tones) if len(samples) > column else ""), media.sound(samples)

    def _samples(self, source: str, stretch: Stretch) -> media.Samples:
        """Read a stretch of a recording; no samples if it can no longer be read."""
        try:
            samples, rate = audio.read(part_of(source, stretch), self.allow_pipes)
        except (InputError, OSError):
            return np.zeros(0, dtype=np.float32)
        return media.resampled(samples, rate)


def part_of(source: str, stretch: Stretch) -> str:
    """Return the name of a stretch of a source, so that only that part of a long recording is read."""
    part = audio_source.part_of(source)
    return str(part._replace(start=part.start + stretch.start, end=part.start + stretch.end))


def spectrogram(samples: media.Samples) -> Matrix:
    """Return the log-mel energies (T, bands) of samples (N,), column by column, with mirrored edges."""
    columns, before = (len(samples) + column // 2) // column, (window - column) // 2
    mirrored = np.pad(samples * 32768.0, (before, window), mode="symmetric")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, window)[::column][:columns]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft(frames * np.hanning(window) ** 0.85, padded)) ** 2
    return np.log(np.maximum(power @ _mel_bands(), np.finfo(np.float32).eps)).astype(np.float32)


@lru_cache(maxsize=1)
def _mel_bands() -> Floats:
    """Return the weights (padded / 2 + 1, bands) of triangles that are equally wide in mel."""
    hertz = np.array([lowest, media.rate / 2, *np.fft.rfftfreq(padded, 1 / media.rate)])
    low, high, *position = np.log1p(hertz / 700)  # in mel, but for a factor
    corners = np.linspace(low, high, bands + 2)
    rising = (np.array(position)[:, None] - corners[:-1]) / (corners[1] - corners[0])
    return np.asarray(np.clip(np.minimum(rising[:, :-1], 1 - rising[:, 1:]), 0, None), dtype=np.float64)
