import numpy as np
import pytest

from tests.helpers.corpora import rate, tone
from unitdisc.features.speech import SpeechSettings, speech_features
from unitdisc.report.browser.spectrogram import bands, spectrogram
from unitdisc.report.drawing import media


@pytest.mark.parametrize("length", [161, 300, 399, 400, 401, 5000, 16_000])
def test_what_is_seen_is_what_filterbanks_are(length):
    assert rate == media.rate
    samples = (tone(1.0) + np.random.default_rng(0).normal(0, 0.01, rate)).astype(np.float32)[:length]
    found = spectrogram(samples)
    expected = speech_features(samples, rate, SpeechSettings(bins=bands, energy=False))
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    inside = slice(0, max(1, length // 160 - 1))  # shorter than a window, the edges are mirrored in another way
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.02 if length >= 400 else 2)


def test_silence_is_even():
    found = spectrogram(np.zeros(1000, dtype=np.float32))
    assert len(np.unique(found)) == 1
