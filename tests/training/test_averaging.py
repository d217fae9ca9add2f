"""Averaged weights."""

import torch

from unitdisc.training.averaging import AveragedModel


def test_averaged_weights_follow_the_loop():
    model = torch.nn.Linear(2, 1)
    averaged = AveragedModel(model, 0.5)
    expected = model.weight.detach().clone()
    for step in range(1, 6):
        with torch.no_grad():
            model.weight += step
        averaged.update(model)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * model.weight.detach()
    torch.testing.assert_close(averaged.model.weight, expected)
