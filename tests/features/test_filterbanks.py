"""Filterbanks and MFCC: the bytes that torchaudio computes, whose tables are made anew for every call."""

import numpy as np
import pytest
import torch
import torchaudio.compliance.kaldi as compliance

from tests.reference import add_deltas
from unitdisc.features.filterbanks import Front, static_features, tables_of, with_differences

random = np.random.default_rng(0)


def theirs(samples, front):
    waveform = torch.from_numpy(samples).unsqueeze(0) * 32768
    common = {
        "num_mel_bins": front.bins,
        "frame_length": 1000 * front.window / front.rate,
        "frame_shift": 1000 * front.shift / front.rate,
        "sample_frequency": float(front.rate),
        "use_energy": front.energy,
    }
    if front.cepstra is None:
        return compliance.fbank(waveform, **common)
    return compliance.mfcc(waveform, num_ceps=front.cepstra, **common)


@pytest.mark.parametrize("length", [400, 401, 559, 560, 1234, 16_000, 40_007])
@pytest.mark.parametrize("loudness", [0, 1e-5, 0.1, 1])
@pytest.mark.parametrize("energy", [True, False])
@pytest.mark.parametrize("cepstra", [None, 13, 40])
def test_features_are_torchaudios_to_the_last_bit(length, loudness, energy, cepstra):
    samples = (loudness * random.normal(size=length)).astype(np.float32)
    front = Front(400, 160, 16_000, 40, cepstra, energy)
    found, expected = static_features(samples, front), theirs(samples, front)
    assert found.dtype == expected.dtype == torch.float32
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    "front",
    [
        Front(200, 80, 8000, 23, 13, energy=True),
        Front(512, 512, 16_000, 80, None, energy=False),  # a power of two is not filled up
        Front(1103, 441, 44_100, 128, None, energy=True),
        Front(80, 160, 16_000, 12, None, energy=True),  # a shift that is longer than the window
    ],
)
def test_other_rates_windows_and_shifts(front):
    samples = random.normal(size=3 * front.rate // 2).astype(np.float32)
    assert torch.equal(static_features(samples, front), theirs(samples, front))


def test_tables_are_made_once_and_stay_as_they_are():
    front = Front(400, 160, 16_000, 40, 13, energy=True)
    before = [table.clone() for table in vars_of(tables_of(front))]
    static_features(random.normal(size=4000).astype(np.float32), front)
    assert tables_of(front) is tables_of(Front(400, 160, 16_000, 40, 13, energy=True))
    assert all(map(torch.equal, before, vars_of(tables_of(front))))


def vars_of(tables):
    return [tables.window, tables.banks, tables.cosines, tables.lifter]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("frames", [1, 2, 9, 50])
def test_differences_agree_with_the_loop(order, frames):
    static = random.normal(size=(frames, 5)).astype(np.float32)
    found = with_differences(torch.from_numpy(static), order).numpy()
    np.testing.assert_allclose(found, add_deltas(static, order) if order else static, atol=1e-5)
