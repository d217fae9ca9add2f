"""``scale_ratio``: the ratio of scales on the first batch that is quantised, and what it leaves alone."""

import pytest
import torch

from tests.helpers.training import model, trainer
from unitdisc.codebook import BottleneckOutput, UsageHealth
from unitdisc.config import BottleneckSettings, ReestimationSettings

plain = {"reestimation": None, "batch_norm": False, "learning_rate_factor": 1}


def watched(run, monkeypatch):
    """The outputs of the bottleneck, and the codebook before each step is taken."""
    seen = []
    forward = type(run.state.model.bottleneck).forward

    def watching(self, x, mask=None, *, quantise=True):
        before = self.quantizer.codebook.detach().clone()  # a moving average changes it on the way
        out: BottleneckOutput = forward(self, x, mask, quantise=quantise)
        if self is run.state.model.bottleneck and self.training:
            real = out.vectors if mask is None else out.vectors[mask]
            seen.append((quantise, real, before))
        return out

    monkeypatch.setattr(type(run.state.model.bottleneck), "forward", watching)
    return seen


def ratio(vectors, codebook):
    return float(vectors.double().square().mean().sqrt() / codebook.double().square().mean().sqrt())


@pytest.mark.parametrize("wanted", [1 / 30, 1, 30])
@pytest.mark.parametrize("more", [{}, {"batch_norm": True}, {"dim": None}, {"update": "ema"}])
def test_the_first_batch_has_the_ratio(wanted, more, monkeypatch):
    run = trainer(model(epochs=1, average=0.9, bottleneck=plain | more | {"scale_ratio": wanted}))
    seen = watched(run, monkeypatch)
    run.epoch(1)
    quantise, vectors, codebook = seen[0]
    assert quantise
    assert ratio(vectors, codebook) == pytest.approx(wanted, rel=1e-4)
    assert len(seen) == len(run.batches)


def test_only_codewords_change_by_a_step_that_is_not_taken():
    """All gradients are too large: what differs after an epoch is what the scaling changed, here and in the average."""
    scaled, other = (
        trainer(model(epochs=1, average=0.9, gradient_skip=1e-9, bottleneck=plain | {"batch_norm": True} | more))
        for more in ({"scale_ratio": 5}, {})
    )
    usage = scaled.epoch(1), other.epoch(1)
    assert usage[0].learning_rate == usage[1].learning_rate
    for mine, theirs in ((scaled.state.model, other.state.model), (scaled.state.result, other.state.result)):
        different = {name for name, value in mine.state_dict().items() if not value.equal(theirs.state_dict()[name])}
        assert different == {"bottleneck.quantizer.codebook"}


def test_a_re_estimation_overrides_it():
    plan = {"reestimation": ReestimationSettings(warmup_epochs=1)}
    rows = []
    for more in ({}, {"scale_ratio": 30}):
        run = trainer(model(epochs=2, bottleneck=plan | more))
        rows.append([run.epoch(number).loss for number in (1, 2)])
    assert rows[0] == rows[1]


def test_it_is_set_once_where_the_warm_up_leaves_too_few_vectors(monkeypatch):
    plan = {"codewords": 512, "reestimation": ReestimationSettings(warmup_epochs=1), "scale_ratio": 4}
    run = trainer(model(epochs=2, bottleneck=plan))
    monkeypatch.setattr(run.state.reestimation, "run", lambda *arguments, **options: False)
    seen = watched(run, monkeypatch)
    run.epoch(1)
    assert not run.state.scaled
    again = trainer(model(epochs=2, bottleneck=plan))
    again.state.load_state_dict(run.state.state_dict())
    assert not again.state.scaled
    run.epoch(2)
    quantised = [(vectors, book) for quantise, vectors, book in seen if quantise]
    assert ratio(*quantised[0]) == pytest.approx(4, rel=1e-4)
    assert ratio(*quantised[1]) != pytest.approx(4, rel=1e-6)
    assert run.state.state_dict()["scaled"]


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_ratio_is_a_positive_number(value):
    with pytest.raises(ValueError, match="scale_ratio"):
        BottleneckSettings(scale_ratio=value)


def test_large_codewords_collapse_from_the_start():
    """At 1/30 nearly all vectors lie nearest to the shortest codeword; at 30 their directions decide."""
    used = {}
    for wanted in (1 / 30, 30):
        run = trainer(model(epochs=1, bottleneck=plain | {"codewords": 64, "dim": 16, "scale_ratio": wanted}))
        batch = next(iter(run.batches.epoch(1)))
        run._scale(batch, 1)
        usage = UsageHealth(64)
        with torch.no_grad():
            losses = run.state.model.train()(batch)
        usage.add(losses.bottleneck, losses.tokens)
        used[wanted] = usage.record().units_used
    assert 2 * used[1 / 30] <= used[30], used
