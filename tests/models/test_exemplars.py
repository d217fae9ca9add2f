"""Vectors replaced by the means of the exemplars that they are most like."""

import copy

import numpy as np
import pytest
import torch

from unitdisc.config import BottleneckSettings, ExemplarsSettings, VQModel
from unitdisc.models import stretches
from unitdisc.models.batch import Sizes
from unitdisc.models.exemplars import Exemplars
from unitdisc.models.model import Model
from unitdisc.models.objectives.settings import PredictionSettings
from unitdisc.models.window_keys import keys_of, windows
from unitdisc.stages import Stage


def random(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype("f4"))


def filled(exemplars, count, *, seed=0):
    """Exemplars from random vectors of one long utterance, whose means are random too."""
    vectors = random(count + 7, exemplars.width, seed=seed)
    rows = torch.arange(count + 7)[:count]
    keys = keys_of(windows(vectors, rows, exemplars.reach), exemplars.reach)
    means = random(count, exemplars.width, seed=seed + 1)
    exemplars.fill(keys, keys(vectors, rows), means)
    return keys(vectors, rows).double(), means.double()


def slow(exemplars, known, means, vectors, nearest):
    """The mean of each token from the definition, one token after the other."""
    padded = np.pad(vectors.double().numpy(), ((exemplars.reach, exemplars.reach), (0, 0)))
    found = []
    for token in range(len(vectors)):
        window = torch.from_numpy(padded[token : token + 2 * exemplars.reach + 1].ravel())
        key = (window - exemplars.keys.centre.double()) @ exemplars.keys.axes.double()
        chosen = (known @ key).argsort(descending=True, stable=True)[:nearest]
        found.append(means[chosen].mean(0))
    return torch.stack(found)


@pytest.mark.parametrize("count", [1, 5, 32, 33, 1000])
@pytest.mark.parametrize(("nearest", "reach", "width"), [(1, 0, 1), (4, 2, 3), (40, 1, 16)])
def test_vectors_are_means_of_the_nearest_exemplars(count, nearest, reach, width):
    exemplars = Exemplars(width, ExemplarsSettings(count=count, nearest=nearest, reach=reach))
    known, means = filled(exemplars, count)
    for length in (1, 2, 60):
        vectors = random(length, width, seed=length + 5)
        expected = slow(exemplars, known, means, vectors, nearest)
        if width == 1 and reach == 0:  # keys are 1 or -1: which of the equal ones are taken is no matter of the result
            continue
        torch.testing.assert_close(exemplars(vectors).double(), expected, atol=1e-5, rtol=1e-5)


def test_without_exemplars_vectors_stay_as_they_are():
    vectors = random(9, 4)
    assert Exemplars(4, ExemplarsSettings())(vectors) is vectors


def settings(**exemplars):
    return VQModel(
        encoder={"kind": "convolutional", "channels": 8, "kernels": (4,), "strides": (2,), "residual_layers": 1},
        objective=PredictionSettings(clusters=4, channels=8),
        bottleneck=BottleneckSettings(
            codewords=8,
            dim=6,
            reestimation={"final": True},
            exemplars=ExemplarsSettings(nearest=3, reach=2, **exemplars),
        ),
    )


def model(count=200, seed=0):
    torch.manual_seed(seed)
    made = Model(settings(), Sizes(5)).eval()
    filled(made.exemplars, count)
    return made


def test_units_are_those_of_the_nearest_codewords_of_the_means():
    made, frames = model(), random(41, 5)
    vectors = made.vectors(frames)
    with torch.no_grad():
        bare = made.bottleneck.project(made.encoder(frames[None], torch.ones(1, 41, dtype=torch.bool))[0])[0]
    torch.testing.assert_close(vectors, made.exemplars(bare), atol=1e-6, rtol=1e-6)
    assert (vectors != bare).any()
    units = made.encode(frames)
    assert units.equal(torch.cdist(vectors, made.codebook).argmin(1))
    stages = made.stages(frames)
    assert stages[Stage.CODES].equal(made.codebook[units])
    assert stages[Stage.ENCODER].shape == (21, 8)


def test_long_utterances_have_the_same_vectors_in_stretches(monkeypatch):
    made, frames = model(), random(500, 5)
    whole, units = made.vectors(frames), made.encode(frames)
    monkeypatch.setattr(stretches, "longest", 60)
    parts = list(made.vector_stretches(frames))
    assert len(parts) > 5
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=1e-5)
    assert made.encode(frames).equal(units)


def test_units_of_a_batch_are_those_of_each_utterance():
    made = model()
    batch = [random(length, 5, seed=length) for length in (40, 7, 1, 23)]
    for found, frames in zip(made.encode_batch(batch), batch, strict=True):
        assert found.equal(made.encode(frames))


def test_a_state_brings_its_exemplars():
    made, other = model(), Model(settings(), Sizes(5)).eval()
    other.load_state_dict(made.state_dict())
    frames = random(30, 5)
    assert other.encode(frames).equal(made.encode(frames))
    assert copy.deepcopy(made).encode(frames).equal(made.encode(frames))


def test_another_training_starts_without_them():
    made, other = model(), Model(settings(), Sizes(5)).eval()
    other.start_from(made)
    assert other.encoder.state_dict().keys() == made.encoder.state_dict().keys()
    assert all(value.equal(made.encoder.state_dict()[name]) for name, value in other.encoder.state_dict().items())
    assert not len(other.exemplars.pool.keys)


@pytest.mark.parametrize("name", ["keys.centre", "keys.axes", "pool.keys", "pool.vectors"])
@pytest.mark.parametrize("damage", [lambda x: x[:-1], lambda x: x[..., None], lambda x: x.flatten()[:1]])
def test_a_state_whose_sizes_do_not_belong_together_is_refused(name, damage):
    made, other = model(), Model(settings(), Sizes(5)).eval()
    state = made.state_dict()
    state[f"exemplars.{name}"] = damage(state[f"exemplars.{name}"])
    with pytest.raises((ValueError, RuntimeError), match="exemplars"):
        other.load_state_dict(state)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bottleneck": {"exemplars": {}}}, "reestimation.final"),
        ({"bottleneck": {"exemplars": {}, "reestimation": None}}, "reestimation.final"),
        (
            {"objective": "reconstruction", "bottleneck": {"exemplars": {}, "reestimation": {"final": True}}},
            "need objective prediction",
        ),
        ({"bottleneck": {"exemplars": {"nearest": 0}, "reestimation": {"final": True}}}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        VQModel.model_validate({"objective": "prediction", **changed})
