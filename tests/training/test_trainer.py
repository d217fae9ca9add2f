"""Epochs and steps: skipped steps, narrow floats, compiling, averaged weights, a recogniser."""

import pytest
import torch

from tests.helpers.training import model, trainer
from unitdisc.config import ReestimationSettings
from unitdisc.errors import InputError
from unitdisc.models.objectives.ctc import CtcSettings


def test_a_codebook_without_a_projection_is_re_estimated():
    plan = {"codewords": 16, "dim": None, "reestimation": ReestimationSettings(warmup_epochs=1)}
    run = trainer(model(epochs=2, average=0.9, bottleneck=plan))
    rows = [run.epoch(number) for number in (1, 2)]
    assert [row.reestimations for row in rows] == [0, 1]
    assert run.state.model.codebook.shape == (16, 16)


def test_a_step_with_too_large_a_gradient_is_left_out():
    run = trainer(model(epochs=1, gradient_skip=1e-9))
    before = {name: value.clone() for name, value in run.state.model.named_parameters()}
    row = run.epoch(1)
    assert row.skipped_steps == len(run.batches)
    assert all(value.equal(before[name]) for name, value in run.state.model.named_parameters())


def test_an_infinite_gradient_is_left_out_like_any_too_large_one_or_ends_the_training(monkeypatch):
    def infinite(parameters, clip):
        return torch.tensor(torch.inf)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", infinite)
    assert trainer(model(epochs=1, gradient_skip=10.0)).epoch(1).skipped_steps == 18
    with pytest.raises(InputError, match="the gradient is inf in epoch 1, step 1"):
        trainer(model(epochs=1)).epoch(1)


@pytest.mark.slow
def test_a_plateau_does_not_wait_for_the_loss_of_the_warm_up():
    plan = {"epochs": 8, "schedule": {"kind": "plateau", "patience": 1}}
    run = trainer(model(bottleneck={"reestimation": ReestimationSettings(warmup_epochs=4)}, **plan))
    rows = [run.epoch(number) for number in range(1, 9)]
    assert run.state.schedule.state_dict()["lowest"] == min(row.dev_task_loss for row in rows[4:])


@pytest.mark.slow
def test_narrow_floats_train_as_well():
    losses = {}
    for precision in ("float32", "bfloat16"):
        run = trainer(model(precision=precision))
        losses[precision] = [run.epoch(number).dev_task_loss for number in range(1, 7)][-1]
        assert all(parameter.dtype == torch.float32 for parameter in run.state.model.parameters())
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.1)
    assert losses["bfloat16"] != losses["float32"]


@pytest.mark.slow
def test_a_compiled_model_trains_to_the_same(monkeypatch):
    """Without the code generator, whose C++ takes a minute: what is asked here is that names and numbers stay."""
    eager = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: eager(self, backend="aot_eager"))
    plain, compiled = (trainer(model(compile=choice)) for choice in (False, True))
    assert plain.state.model.state_dict().keys() == compiled.state.model.state_dict().keys()
    for number in (1, 2):
        one, other = plain.epoch(number), compiled.epoch(number)
        assert one.loss == pytest.approx(other.loss, rel=1e-4)


def test_the_average_starts_anew_where_quantising_begins():
    run = trainer(model(average=0.99, epochs=2))
    run.epoch(1)
    assert run.state.average.steps == len(run.batches)
    run.epoch(2)
    assert run.state.average.steps == len(run.batches)


@pytest.mark.slow
def test_a_recogniser_trains_in_the_loop():
    settings = model(epochs=8).model_copy(update={"objective": CtcSettings(weight=5)})
    run = trainer(settings, labels=12)
    rows = [run.epoch(number) for number in range(1, 9)]
    assert rows[-1].dev_task_loss < 0.5 * rows[0].dev_task_loss
