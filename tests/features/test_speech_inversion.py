"""Features turned back into samples have about the same features."""

import numpy as np
import pytest

from unitdisc.features.filterbanks import tables_of
from unitdisc.features.speech import Speech, SpeechSettings, _front, speech_features
from unitdisc.features.speech_inversion import columns_of, log_mels_of, samples_of, spectrum_of


def voice(seconds=1.0, rate=16000):
    """A gliding tone with harmonics, louder and softer, over a little noise."""
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(4 * time)) / rate
    tones = sum(np.sin(k * phase) / k for k in range(1, 30))
    noise = np.random.default_rng(0).normal(0, 0.01, len(time))
    return (0.1 * (1.2 + np.sin(9 * time)) * tones + noise).astype(np.float32)


settings = [
    SpeechSettings(type="fbank", bins=80),
    SpeechSettings(type="fbank", bins=40, energy=False, deltas=2),
    SpeechSettings(type="mfcc", bins=40, energy=False, deltas=2),
    SpeechSettings(type="mfcc", bins=40),
    SpeechSettings(type="mfcc", bins=23, energy=False, sample_rate=8000, frame_shift=12.5),
    SpeechSettings(type="mfcc", bins=40, energy=False, frame_length=32),
]


@pytest.mark.parametrize("chosen", settings, ids=str)
def test_log_mels_of_the_samples_are_those_put_in(chosen):
    features, front = speech_features(voice(), 16000, chosen), _front(chosen)
    samples = samples_of(features, front, 0)
    assert len(samples) == len(features) * front.shift
    again = speech_features(samples, chosen.sample_rate, chosen)
    before, after = (log_mels_of(each[:, : columns_of(front)].astype(float), front) for each in (features, again))
    assert np.abs(after - before).mean() < 0.5
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.95
    if chosen.energy:  # c0 does not say it
        assert np.abs(again[:, 0] - features[:, 0]).mean() < 0.5


@pytest.mark.parametrize("chosen", settings[:3], ids=str)
def test_spectra_have_the_energies_of_their_mel_bins(chosen):
    front = _front(chosen)
    features = speech_features(voice(0.2), 16000, chosen)[:, : columns_of(front)].astype(float)
    log_mels = log_mels_of(features, front)
    power = spectrum_of(log_mels, front)
    assert (power >= 0).all()
    found = np.log(power @ tables_of(front).banks.double().numpy().T + 1e-9)
    assert np.abs(found - log_mels).mean() < 0.2


def test_a_cepstrum_of_all_coefficients_is_the_log_mels():
    whole = SpeechSettings(type="mfcc", bins=20, coefficients=20, energy=False)
    mels = speech_features(voice(0.2), 16000, SpeechSettings(type="fbank", bins=20, energy=False))
    cepstra = speech_features(voice(0.2), 16000, whole)
    np.testing.assert_allclose(log_mels_of(cepstra.astype(float), _front(whole)), mels, atol=1e-3)


def test_the_same_seed_gives_the_same_samples():
    features = speech_features(voice(0.2), 16000, settings[2])
    first, again, other = (Speech(settings[2]).inverted(features, seed).data for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("level", [-1e4, -20.0, 60.0, 1e4])
@pytest.mark.parametrize("frames", [1, 2, 7])
def test_any_features_give_finite_samples(level, frames):
    for chosen in settings[:4]:
        width = speech_features(voice(0.1), 16000, chosen).shape[1]
        samples = samples_of(np.full((frames, width), level, np.float32), _front(chosen), 0)
        assert len(samples) == frames * 160
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() <= 1
