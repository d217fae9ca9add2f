"""Learning rates, against the schedulers of PyTorch."""

import json

import numpy as np
import pytest
import torch

from unitdisc.config import Constant, Cosine, Halving, Plateau, Training
from unitdisc.training.schedules import Schedule


class TestSchedule:
    def factors(self, schedule, *, epochs, steps=10, losses=None, rate=1.0):
        followed = Schedule(Training(schedule=schedule, learning_rate=rate, epochs=epochs), epochs * steps)
        found = []
        for epoch in range(1, epochs + 1):
            found.append([followed.factor(epoch, (epoch - 1) * steps + step) for step in range(steps)])
            followed.observe(losses[epoch - 1] if losses else 0.0)
        return np.array(found)

    def test_constant_and_cosine(self):
        assert (self.factors(Constant(), epochs=3) == 1).all()
        cosine = self.factors(Cosine(), epochs=4).ravel()
        assert cosine[0] == 1
        assert cosine[20] == pytest.approx(0.5)
        assert (np.diff(cosine) < 0).all()

    def test_halving_is_the_published_one(self):
        """Halved every five epochs from the 32nd to the 72nd, as MultiStepLR of these milestones would."""
        found = self.factors(Halving(factor=0.5, every=5, first=32, last=72), epochs=85, steps=1)[:, 0]
        weight = torch.nn.Parameter(torch.zeros(1))
        optimiser = torch.optim.SGD([weight], lr=1.0)
        peer = torch.optim.lr_scheduler.MultiStepLR(optimiser, list(range(32, 73, 5)), gamma=0.5)
        for value in found:
            assert value == pytest.approx(optimiser.param_groups[0]["lr"])
            optimiser.step()
            peer.step()
        assert found[-1] == 0.5**9

    def test_plateau_is_torchs(self):
        losses = [1.0, 0.9, 0.95, 0.91, 0.92, 0.93, 0.8, *[0.85] * 40]
        plan = Plateau(factor=0.8, patience=3, floor=0.3)
        found = self.factors(plan, epochs=len(losses), losses=losses, rate=2.0)[:, 0]
        optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
        peer = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=0.8, patience=3, min_lr=0.3, threshold=0.0, threshold_mode="abs"
        )
        for value, loss in zip(found, losses, strict=True):
            assert 2 * value == pytest.approx(optimiser.param_groups[0]["lr"])
            peer.step(loss)
        assert found[-1] == pytest.approx(0.15)

    def test_a_plateau_is_resumed(self):
        one = Schedule(Training(schedule=Plateau(patience=1)), 1)
        for loss in (1, 2, 2, 2):
            one.observe(loss)
        other = Schedule(Training(schedule=Plateau(patience=1)), 1)
        other.load_state_dict(json.loads(json.dumps(one.state_dict())))
        for each in (one, other):
            each.observe(3)
        assert one.factor(9, 0) == other.factor(9, 0) < 1

    @pytest.mark.parametrize("schedule", [Constant(), Cosine(), Halving(first=2, last=4, every=1)])
    def test_at_the_start_the_rate_rises_to_that_of_the_schedule(self, schedule):
        steps, rise = 40, 15
        plain = Schedule(Training(schedule=schedule, epochs=4), steps)
        rising = Schedule(Training(schedule=schedule, epochs=4, rise=rise), steps)
        for step in range(steps):
            share = rising.factor(1 + step // 10, step) / plain.factor(1 + step // 10, step)
            assert share == pytest.approx(min(1.0, (step + 1) / rise))
        assert rising.factor(1, 0) == pytest.approx(1 / rise)  # never 0, so that every step counts
