"""Speech as from other vocal tracts: the warp of normalised frames, whose deviations stay."""

import numpy as np
import pytest
import torch

from unitdisc.features.augmentation.vocal_tract import VocalTract, VocalTractSettings, steps, stretched
from unitdisc.features.normalise import Normalised
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.speech import Speech, SpeechSettings
from unitdisc.features.warping import warping_matrix
from unitdisc.models.batch import Batch


def spoken(settings, count=3, frames=400):
    """Frames like log-mels: neighbouring bins alike, each of its own mean and deviation, half of them silent."""
    random = np.random.default_rng(0)
    columns = (settings.bins + settings.energy) * (settings.deltas + 1)
    level, size = random.normal(8, 3, columns), random.uniform(0.5, 3, columns)
    matrices = {}
    for n in range(count):
        rows = random.normal(size=(frames, columns + 8))
        rows = np.stack([rows[:, k : k + 9].sum(1) / 3 for k in range(columns)], 1) * size + level
        rows[: frames // 2] -= 30
        matrices[f"u{n}"] = rows.astype(np.float32)
    return matrices


settings = pytest.mark.parametrize(
    "features",
    [SpeechSettings(bins=20), SpeechSettings(bins=20, energy=False, deltas=1), SpeechSettings(bins=12, activity=None)],
)


def normalised(features):
    matrices = spoken(features)
    extractor = Speech(features) if features.activity else None
    return Normalised(matrices, speaker=dict.fromkeys(matrices, "x"), by_speaker=True, extractor=extractor)


@settings
def test_deviations_stay_when_frames_are_warped(features):
    train = normalised(features)
    tract = VocalTract(VocalTractSettings(noise=0, offset=0), features, train)
    rows = torch.from_numpy(np.concatenate([train[name][train.active(name)] for name in train]))
    torch.manual_seed(0)
    warped = tract(rows.expand(30, -1, -1)).frames
    torch.testing.assert_close(warped.mean(1), torch.zeros(30, rows.shape[1]), atol=1e-3, rtol=0)
    torch.testing.assert_close(warped.std(1), torch.ones(30, rows.shape[1]), atol=0.01, rtol=0)
    assert (warped - rows).abs().mean() > 0.01


@settings
def test_normalised_frames_are_warped_as_the_raw_ones_are(features):
    train = normalised(features)
    tract = VocalTract(VocalTractSettings(warp=0.16, noise=0, offset=0), features, train)
    factors = np.exp(np.linspace(-1, 1, steps) * np.log(1.16))
    name = next(iter(train))
    active = train.active(name)
    frames = torch.from_numpy(train[name][active])
    torch.manual_seed(1)
    found = tract(frames.expand(12, -1, -1)).frames.numpy()
    raw = np.concatenate([spoken(features)[one][train.active(one)] for one in train])
    torch.manual_seed(1)
    for warped, which in zip(found, torch.randint(steps, (12,)).tolist(), strict=True):
        matrix = warping_matrix(features, float(factors[which])).numpy()
        whole = raw @ matrix.T
        expected = (spoken(features)[name][active] @ matrix.T - whole.mean(0)) / whole.std(0)
        np.testing.assert_allclose(warped, expected, atol=0.01)


def test_the_middle_factor_changes_nothing():
    features = SpeechSettings(bins=20)
    tract = VocalTract(VocalTractSettings(), features, normalised(features))
    assert len(tract._warping) == steps
    torch.testing.assert_close(tract._warping[steps // 2], torch.eye(21), atol=1e-4, rtol=0)
    assert not tract._warping[0].allclose(torch.eye(21), atol=0.1)


def test_a_constant_column_stays_finite():
    features = SpeechSettings(bins=10, energy=False)
    matrices = {"u": spoken(features)["u0"]}
    matrices["u"][:, 3] = 1
    tract = VocalTract(VocalTractSettings(), features, Normalised(matrices, by_speaker=True))
    assert tract(torch.randn(5, 7, 10)).frames.isfinite().all()


@pytest.mark.parametrize("count", [1, 2, 31])
def test_stretched_frames_lie_between_the_old_ones(count):
    frames = torch.arange(count).view(1, count, 1).expand(3, count, 2) + torch.tensor([0.0, 100.0])
    found, source = stretched(frames, torch.tensor([0.7, 1.0, 1.4]))
    for rate, rows, nearest in zip((0.7, 1.0, 1.4), found, source, strict=True):
        first = max((count - 1) / 2 * (1 - rate), 0)
        expected = [first + rate * t for t in range(count)]
        inside = [min(place, count - 1) for place in expected]  # the last frame is repeated
        assert rows[:, 0].tolist() == pytest.approx(inside, abs=1e-4)
        assert rows[:, 1].tolist() == pytest.approx([100 + place for place in inside], abs=1e-4)
        assert all(abs(int(one) - place) <= 0.5 + 1e-5 for one, place in zip(nearest, expected, strict=True))


def test_labels_go_with_their_frames_when_speech_is_stretched():
    features = SpeechSettings(bins=20)
    tract = VocalTract(VocalTractSettings(warp=0, stretch=0.3, noise=0, offset=0), features, normalised(features))
    mask = torch.arange(50) < torch.tensor([50, 30]).unsqueeze(1)
    frames = torch.arange(50.0).view(1, 50, 1).expand(2, 50, 21) * mask.unsqueeze(2)
    batch = Batch(frames, mask, torch.zeros(2, dtype=torch.long), torch.arange(50).expand(2, 50).masked_fill(~mask, -1))
    torch.manual_seed(0)
    for _ in range(10):
        changed = tract(batch.frames)
        found = batch.changed(changed.frames, changed.source)
        assert found.labels[found.mask].equal(changed.source[found.mask])
        within = found.mask & (found.labels < mask.sum(1, keepdim=True) - 1)  # the last may mix with what is beyond
        assert (found.frames[within][:, 0] - found.labels[within]).abs().max() <= 0.51
        assert found.clean[found.mask][:, 0].equal(found.labels[found.mask].float())


def test_other_features_are_refused():
    with pytest.raises(ValueError, match="only features of kind speech can be warped"):
        VocalTract(VocalTractSettings(), PrecomputedSettings(), Normalised({}))
