"""Warping of the frequency axis, against torchaudio's own, which moves the mel filters."""

import numpy as np
import pytest
import torch
import torchaudio.compliance.kaldi as compliance

from tests.reference import add_deltas
from unitdisc.features.speech import SpeechSettings, speech_features
from unitdisc.features.warping import warping_matrix

rate = 16000
formants = ((300, 850), (2200, 1200), (2900, 2500))  # from the first Hz to the second, in a second


@pytest.fixture(scope="module")
def vowels():
    """A second of voice: the harmonics of a falling tone under three formants that move, and breath."""
    time = np.arange(rate) / rate
    pitch = 140 - 30 * time
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    samples = np.random.default_rng(0).normal(0, 1e-3, rate)
    for harmonic in range(1, 50):
        frequency = harmonic * pitch
        centres = [first + (last - first) * time for first, last in formants]
        loudness = sum(1 / (1 + ((frequency - centre) / 80) ** 2) for centre in centres) / harmonic**0.5
        samples = samples + 0.05 * loudness * np.sin(harmonic * phase) * (frequency < rate / 2)
    return samples.astype(np.float32)


def of_torchaudio(samples, settings, factor):
    waveform = torch.from_numpy(samples).unsqueeze(0) * 32768
    common = {"num_mel_bins": settings.bins, "dither": 0.0, "snip_edges": False, "use_energy": settings.energy}
    if settings.type == "mfcc":
        return compliance.mfcc(waveform, num_ceps=settings.coefficients, vtln_warp=factor, **common).numpy()
    return compliance.fbank(waveform, vtln_warp=factor, **common).numpy()


def explained(plain, warped, theirs):
    """The share of what torchaudio's warp changes that ours changes too."""
    return 1 - np.square(warped - theirs).sum() / np.square(plain - theirs).sum()


@pytest.mark.parametrize("factor", [0.86, 0.93, 1.08, 1.16])
@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({"bins": 80}, 0.9),
        ({"bins": 40, "energy": False}, 0.9),
        ({"type": "mfcc", "bins": 23}, 0.75),
        ({"type": "mfcc", "bins": 40, "energy": False}, 0.85),
    ],
)
def test_warping_is_much_like_moving_the_filters(vowels, options, share, factor):
    settings = SpeechSettings(**options)
    plain = speech_features(vowels, rate, settings)
    warped = plain @ warping_matrix(settings, factor).numpy().T
    theirs = of_torchaudio(vowels, settings, factor)
    assert explained(plain, warped, theirs) > share
    if settings.energy:
        np.testing.assert_array_equal(warped[:, 0], plain[:, 0])
        np.testing.assert_allclose(theirs[:, 0], plain[:, 0], rtol=1e-5)


@pytest.mark.parametrize("energy", [True, False])
@pytest.mark.parametrize("deltas", [0, 2])
def test_a_factor_of_one_changes_no_filterbank(energy, deltas):
    settings = SpeechSettings(bins=24, energy=energy, deltas=deltas)
    columns = (24 + energy) * (deltas + 1)
    torch.testing.assert_close(warping_matrix(settings, 1.0), torch.eye(columns), atol=1e-4, rtol=0)


@pytest.mark.parametrize("energy", [True, False])
def test_a_factor_of_one_changes_no_cepstrum(energy):
    settings = SpeechSettings(type="mfcc", energy=energy)
    torch.testing.assert_close(warping_matrix(settings, 1.0), torch.eye(13), atol=1e-3, rtol=0)


@pytest.mark.parametrize("options", [{"bins": 20}, {"type": "mfcc", "bins": 23}])
def test_differences_are_those_of_the_warped_features(vowels, options):
    static, whole = (SpeechSettings(**options, deltas=deltas) for deltas in (0, 2))
    warped = speech_features(vowels, rate, static) @ warping_matrix(static, 1.1).numpy().T
    found = speech_features(vowels, rate, whole) @ warping_matrix(whole, 1.1).numpy().T
    np.testing.assert_allclose(found, add_deltas(warped, 2), atol=1e-3)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_flat_log_mels_stay_flat(factor):
    """Every warped bin is a weighted mean of two of the old ones."""
    matrix = warping_matrix(SpeechSettings(bins=30, energy=False), factor)
    torch.testing.assert_close(matrix.sum(1), torch.ones(30))
    assert (matrix >= 0).all()
    assert ((matrix > 0).sum(1) <= 2).all()


def test_there_and_back_is_nearly_where_it_was(vowels):
    settings = SpeechSettings(energy=False)
    plain = speech_features(vowels, rate, settings)
    there = plain @ warping_matrix(settings, 1.1).numpy().T
    back = there @ warping_matrix(settings, 1 / 1.1).numpy().T
    assert np.square(back - plain).mean() < 0.3 * np.square(there - plain).mean()
