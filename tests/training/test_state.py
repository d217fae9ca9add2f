"""The state of a training: the learning rates of codebook and model."""

import pytest

from tests.helpers.training import model, trainer
from unitdisc.config import ReestimationSettings


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("factor", [1.0, 10.0])
def test_the_codebook_has_a_rate_of_its_own_under_the_schedule_of_all(schedule, factor):
    bottleneck = {"reestimation": ReestimationSettings(warmup_epochs=1), "learning_rate_factor": factor}
    run = trainer(model(epochs=3, learning_rate=1e-3, schedule=schedule, bottleneck=bottleneck))
    rest, codebook = run.state.optimiser.param_groups
    assert [id(p) for p in codebook["params"]] == [id(run.state.model.bottleneck.quantizer.codebook)]
    assert id(codebook["params"][0]) not in {id(p) for p in rest["params"]}
    assert codebook["lr"] == pytest.approx(factor * 1e-3)
    for number in (1, 2):
        run.epoch(number)
        assert codebook["lr"] == pytest.approx(factor * rest["lr"])
    assert (rest["lr"] == pytest.approx(1e-3)) == (schedule == "constant")


def test_codewords_that_follow_a_moving_average_are_in_no_group():
    run = trainer(model(bottleneck={"update": "ema", "reestimation": None}))
    (rest,) = run.state.optimiser.param_groups
    assert id(run.state.model.bottleneck.quantizer.codebook) not in {id(p) for p in rest["params"]}
