"""Averaged weights."""

import torch

from unitdisc.codebook import Bottleneck
from unitdisc.training.averaging import AveragedModel, PlainAverage


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


def test_a_plain_average_is_one_of_everything_with_decimals():
    torch.manual_seed(0)
    model = Bottleneck(3, 2, 4, update="ema")
    plain, averaged = PlainAverage(model, 0.5), AveragedModel(model, 0.5)
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    for step in range(1, 6):
        model.train()(torch.randn(2, 7, 3) + step)
        plain.update(model)
        averaged.update(model)
        decay = min(0.5, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            expected[name] = (
                decay * expected[name] + (1 - decay) * value if value.is_floating_point() else value.clone()
            )
    for name, value in plain.model.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    assert averaged.model.norm.running_mean.equal(model.norm.running_mean)
    assert not plain.model.norm.running_mean.equal(model.norm.running_mean)
