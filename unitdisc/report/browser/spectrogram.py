"""Excerpts of recordings: a log-mel spectrogram and the sound."""

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.errors import InputError
from unitdisc.features.speech import SpeechSettings, speech_features
from unitdisc.formats import audio, audio_source
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.drawing import media
from unitdisc.report.results import CorpusResults

column = 0.01  # seconds per column of a spectrogram
bands = 64  # rows of a spectrogram


class SpectrogramExcerpt:
    """Draws and plays stretches of recordings; the stored features are drawn if a recording no longer exists."""

    def __init__(self, corpus: CorpusResults) -> None:
        self.allow_pipes = corpus.allow_pipes
        self.settings = SpeechSettings(bins=bands, energy=False, sample_rate=media.rate, frame_shift=1000 * column)

    def draw(self, utterance: Utterance, stretch: Stretch, frames: Matrix | None) -> tuple[str, str]:
        """Return spectrogram and sound, or a picture of the features."""
        samples = self._samples(utterance.source, stretch)
        if len(samples) > media.rate * column:
            return media.picture(speech_features(samples, media.rate, self.settings)), media.sound(samples)
        return ("" if frames is None else media.picture(frames)), ""

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
