"""The loss on dev."""

import math

import pytest
import torch

from tests.helpers.training import cpu, model, trainer
from unitdisc.training.evaluation import dev_loss


def test_the_loss_on_dev_is_the_mean_of_its_batches_from_the_first_on():
    run = trainer(model(batch=2, precision="float32"))
    plan, state = run.settings.training, run.state
    state.model.eval()
    with torch.no_grad():
        losses = [float(state.model(batch).task) for batch in run.dev.epoch(1)]
    assert len(losses) > 1
    found = [dev_loss(state.model, run.dev, plan, cpu, quantise=True) for _ in range(2)]
    assert found[0] == found[1] == pytest.approx(sum(losses) / len(losses))
    assert math.isnan(dev_loss(state.model, None, plan, cpu, quantise=True))


def test_one_batch_alone_has_a_loss():
    run = trainer(model(batch=64))
    assert len(list(run.dev.epoch(1))) == 1
    assert math.isfinite(dev_loss(run.state.model, run.dev, run.settings.training, cpu, quantise=True))
