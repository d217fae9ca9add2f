"""What all augmentations share: the same numbers for a seed, and nothing changed where nothing should be."""

import numpy as np
import pytest
import torch

from unitdisc.config import VQModel
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.features.augmentation.augmenter import noisy, places, uniform
from unitdisc.features.augmentation.pen import Pen, PenSettings
from unitdisc.features.augmentation.vocal_tract import VocalTract, VocalTractSettings
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.normalise import Normalised
from unitdisc.features.speech import SpeechSettings
from unitdisc.models.batch import Batch

kinds = pytest.mark.parametrize("kind", ["pen", "vocal-tract"])
nothing = {
    "pen": dict.fromkeys(("shear", "height", "stretch", "shift", "elastic", "stroke", "noise", "offset"), 0),
    "vocal-tract": {"warp": 0, "stretch": 0, "noise": 0, "offset": 0},
}


def augmenter(kind, **options):
    if kind == "pen":
        return Pen(PenSettings(**options), HandwritingSettings(), Normalised({}))
    train = Normalised({"u": np.random.default_rng(0).normal(size=(300, 21)).astype(np.float32)})
    return VocalTract(VocalTractSettings(**options), SpeechSettings(bins=20), train)


def chunks(kind, rows=4):
    frames = torch.rand(rows, 60, 32) if kind == "pen" else torch.randn(rows, 60, 21)
    mask = torch.arange(60) < torch.tensor([60, 60, 37, 20][:rows]).unsqueeze(1)
    return Batch(frames * mask.unsqueeze(2), mask, torch.zeros(rows, dtype=torch.long), active=mask)


def augmented(kind, batch, **options):
    changed = augmenter(kind, **options)(batch.frames)
    return batch.changed(changed.frames, changed.source)


@kinds
def test_the_same_seed_gives_the_same_frames(kind):
    batch = chunks(kind)
    found = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        found.append(augmented(kind, batch))
    assert found[0].frames.numpy().tobytes() == found[1].frames.numpy().tobytes()
    assert found[0].mask.equal(found[1].mask)
    assert not found[0].frames.equal(found[2].frames)


@kinds
def test_each_chunk_is_changed_differently(kind):
    batch = chunks(kind, rows=1)
    several = Batch(batch.frames.expand(3, -1, -1), batch.mask.expand(3, -1), batch.speaker.expand(3))
    torch.manual_seed(0)
    one, other, third = augmented(kind, several, **{**nothing[kind], "shear" if kind == "pen" else "warp": 0.3}).frames
    assert not one.allclose(other)
    assert not one.allclose(third)


@kinds
def test_zero_settings_change_nothing(kind):
    batch = chunks(kind)
    found = augmented(kind, batch, **nothing[kind])
    torch.testing.assert_close(found.frames, batch.frames, atol=1e-5, rtol=0)
    assert found.mask.equal(batch.mask)
    assert found.active.equal(batch.active)


@kinds
def test_padding_stays_zero_and_the_old_frames_are_kept(kind):
    batch = chunks(kind)
    for seed in range(5):
        torch.manual_seed(seed)
        found = augmented(kind, batch)
        assert not found.frames[~found.mask].any()
        assert found.frames[found.mask].ne(0).any()
        assert found.frames.shape == found.clean.shape == batch.frames.shape


def test_numbers_lie_between_the_extremes():
    torch.manual_seed(0)
    drawn = uniform(2000, 0.7)
    assert drawn.abs().max() <= 0.7
    assert drawn.min() < -0.65
    assert drawn.max() > 0.65


@pytest.mark.parametrize("frames", [1, 2, 41])
def test_a_chunk_is_read_at_its_rate_from_the_middle_or_from_the_start(frames):
    rates = torch.tensor([0.5, 1.0, 1.3])
    slow, plain, fast = places(frames, rates).tolist()
    assert plain == list(range(frames))
    middle = (frames - 1) / 2
    assert slow == pytest.approx([middle + (t - middle) * 0.5 for t in range(frames)])
    assert fast == pytest.approx([1.3 * t for t in range(frames)])


@kinds
def test_frames_that_are_moved_keep_the_padding_at_the_end(kind):
    """As LSTMs and CTC expect it."""
    batch = chunks(kind)
    for seed in range(10):
        torch.manual_seed(seed)
        found = augmented(kind, batch, stretch=0.4)
        assert found.mask[:, 0].all()
        assert (found.mask[:, 1:] <= found.mask[:, :-1]).all()
        assert not found.mask.equal(batch.mask)


def test_noise_is_new_for_every_number_and_an_offset_constant_within_a_chunk():
    torch.manual_seed(0)
    frames = torch.zeros(40, 50, 30)
    noise = noisy(frames, noise=0.2, offset=0)
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    assert noise.mean(1).std() == pytest.approx(0.2 / 50**0.5, rel=0.1)
    offset = noisy(frames, noise=0, offset=0.3)
    assert offset.std() == pytest.approx(0.3, rel=0.1)
    torch.testing.assert_close(offset, offset[:, :1].expand_as(offset))
    assert noisy(frames, noise=0, offset=0) is frames


@pytest.mark.parametrize(
    ("features", "augmentation", "objection"),
    [
        ({"kind": "speech"}, "pen", "changes lines of ink, features in [0, 1], only"),
        ({"kind": "handwriting", "normalise": "global"}, "pen", "changes lines of ink, features in [0, 1], only"),
        ({"kind": "handwriting"}, "vocal-tract", "warps features of kind speech only"),
    ],
)
def test_features_that_cannot_be_changed_so_are_refused(features, augmentation, objection):
    values = {
        "corpora": {"c": {"kind": "folder", "root": "x", "features": features}},
        "models": {"m": {"kind": "vq", "augmentation": augmentation}},
    }
    check_config(values)  # no run of the model
    with pytest.raises(InputError) as error:
        check_config(values | {"runs": {"c": ["m"]}})
    assert f"runs.c names 'm', whose {augmentation} {objection}" in str(error.value)


def test_an_augmentation_is_none_or_one_of_the_kinds():
    assert VQModel().augmentation is None
    assert VQModel.model_validate({"augmentation": None}).augmentation is None
    assert VQModel.model_validate({"augmentation": "pen"}).augmentation == PenSettings()
    settings = VQModel.model_validate({"augmentation": {"kind": "vocal-tract", "warp": 0.1}})
    assert settings.augmentation == VocalTractSettings(warp=0.1)
    for each in (settings, VQModel()):
        assert VQModel.model_validate(each.model_dump(mode="json")) == each
        assert VQModel.model_validate_json(each.model_dump_json()) == each
