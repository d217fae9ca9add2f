import kaldi_native_fbank as knf
import numpy as np
import pytest

from tests.reference import add_deltas, smoothed, two_means
from unitdisc.errors import InputError
from unitdisc.features import speech
from unitdisc.features.activity import activity_of
from unitdisc.features.speech import Speech, SpeechSettings, speech_features


@pytest.fixture(scope="module")
def samples():
    time = np.arange(16000) / 16000
    noise = np.random.default_rng(0).normal(0, 0.01, 16000)
    return (0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) + noise).astype(np.float32)


def native(samples, options, computer):
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    online = computer(options)
    online.accept_waveform(16000, (samples * 32768).tolist())
    online.input_finished()
    return np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])


def test_filterbank_agrees_with_kaldi_native_fbank(samples):
    options = knf.FbankOptions()
    options.mel_opts.num_bins = 80
    options.use_energy = True
    expected = native(samples, options, knf.OnlineFbank)
    ours = speech_features(samples, 16000, SpeechSettings())
    assert ours.shape == expected.shape == (100, 81)
    np.testing.assert_allclose(ours, expected, atol=2e-3)


def test_mfcc_agrees_with_kaldi_native_fbank(samples):
    options = knf.MfccOptions()
    options.mel_opts.num_bins = 23
    options.use_energy = True
    expected = native(samples, options, knf.OnlineMfcc)
    ours = speech_features(samples, 16000, SpeechSettings(type="mfcc", bins=23))
    np.testing.assert_allclose(ours, expected, atol=2e-2)


@pytest.mark.parametrize("order", [1, 2])
def test_differences_agree_with_the_loop(samples, order):
    static = speech_features(samples, 16000, SpeechSettings(bins=10))
    ours = speech_features(samples, 16000, SpeechSettings(bins=10, deltas=order))
    np.testing.assert_allclose(ours, add_deltas(static, order), atol=1e-4)


@pytest.mark.parametrize("length", [80, 100, 399, 400, 401, 1234])
def test_frames_are_the_duration_over_the_shift(samples, length):
    features = speech_features(samples[:length], 16000, SpeechSettings())
    assert len(features) == (length + 80) // 160
    assert np.isfinite(features).all()


def test_resamples(samples):
    import librosa

    double = librosa.resample(samples, orig_sr=16000, target_sr=32000)
    ours = speech_features(double, 32000, SpeechSettings(bins=40))
    plain = speech_features(samples, 16000, SpeechSettings(bins=40))
    assert np.abs(ours[:, :35] - plain[:, :35]).mean() < 0.1  # the band edge itself is filtered


def test_too_short_is_refused(samples):
    with pytest.raises(InputError, match="less than half a frame"):
        speech_features(samples[:50], 16000, SpeechSettings())


@pytest.mark.parametrize(
    ("options", "loudness"),
    [
        ({"bins": 20}, lambda rows: rows[:, 0]),
        ({"bins": 20, "energy": False, "deltas": 1}, lambda rows: rows[:, :20].mean(axis=1)),
        ({"type": "mfcc", "bins": 23, "energy": False}, lambda rows: rows[:, 0]),
        ({"type": "mfcc", "bins": 23}, lambda rows: rows[:, 0]),
    ],
)
@pytest.mark.parametrize(("shift", "width"), [(10, 11), (20, 5), (5, 21), (200, 1)])
def test_the_level_of_a_frame_is_the_loudness_of_a_tenth_of_a_second(samples, options, loudness, shift, width):
    settings = SpeechSettings(**options, frame_shift=shift)
    rows = speech_features(samples, 16000, settings)
    found = Speech(settings).level(rows)
    np.testing.assert_allclose(found, smoothed(loudness(rows).tolist(), width), rtol=1e-4, atol=1e-3)


def test_the_threshold_lies_between_silence_and_speech():
    levels = [-8.0, -7.5, -7.0, 3.0, 3.5, 4.0, 4.5]
    silence, speech = two_means(levels)
    for share in (0, 0.35, 1):
        threshold = Speech(SpeechSettings(activity=share)).threshold(np.array(levels))
        assert threshold == pytest.approx(silence + share * (speech - silence))


@pytest.mark.parametrize("options", [{}, {"energy": False}, {"type": "mfcc", "bins": 23}])
def test_what_is_said_is_active_and_the_silence_around_it_is_not(samples, options):
    settings = SpeechSettings(**options)
    quiet = 1e-3 * np.random.default_rng(1).normal(size=8000).astype(np.float32)
    rows = speech_features(np.concatenate([quiet, samples, quiet]), 16000, settings)
    active = activity_of(Speech(settings), [rows])(rows)
    assert active[55:145].all()
    assert not active[:40].any()
    assert not active[160:].any()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"type": "mfcc", "bins": 40, "deltas": 2, "energy": False},
        {"frame_length": 5.0, "deltas": 1},
        {"frame_shift": 12.5, "sample_rate": 8000},
        {"sample_rate": 22050, "frame_shift": 20},
    ],
)
@pytest.mark.parametrize("block", [1, 7, 100])
@pytest.mark.parametrize("length", [16001, 16039, 16080])
def test_a_block_at_a_time_gives_the_features_of_the_whole(monkeypatch, settings, block, length):
    plan = SpeechSettings(**settings)
    samples = np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
    whole = speech_features(samples, plan.sample_rate, plan)
    monkeypatch.setattr(speech, "block_frames", block)
    assert np.allclose(speech_features(samples, plan.sample_rate, plan), whole, atol=1e-4)
