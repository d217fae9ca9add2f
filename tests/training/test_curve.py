"""The curve of a training: what it shows of averaged weights, and that it changes nothing in the training."""

from math import isnan

import pytest
import torch

from tests.helpers.training import cpu, model, utterances
from unitdisc import tables
from unitdisc.config import Curve, ReestimationSettings
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder
from unitdisc.models.likelihood import whole_utterances
from unitdisc.training import loop
from unitdisc.training.record import Point
from unitdisc.training.trainer import Trainer

growing = {"reestimation": ReestimationSettings(warmup_epochs=1, every="growing", final=True)}


def trainer(settings, splits=("dev", "test")):
    shown = {split: utterances(4, seed=seed).matrices for split, seed in (("dev", 1), ("test", 2)) if split in splits}
    dev = utterances(4, seed=1)
    return Trainer(settings, utterances(), dev, inputs=6, labels=0, seed=0, device=cpu, curve=shown)


def of(points, weights, split="test"):
    rows = [point for point in points if (point.weights, point.split) == (weights, split)]
    return {point.step: point for point in rows}


class StoppedError(Exception):
    """The end of a training within an epoch."""


def stopping(run, step):
    def pause():
        if run.state.step == step:
            raise StoppedError

    return pause


def bytes_of(module):
    return {name: value.numpy().tobytes() for name, value in module.state_dict().items()}


def without_speed(rows):
    return [tuple(repr(getattr(row, name)) for name in row.__slots__ if name != "frames_per_second") for row in rows]


def test_a_training_with_a_curve_ends_with_the_same_bytes(tmp_path):
    found = []
    for curve in (None, Curve(steps=5), Curve(plain=False)):
        settings = model(epochs=3, average=0.9, bottleneck=growing, schedule="plateau", curve=curve)
        run = trainer(settings, splits=curve.splits if curve else ())
        weights = bytes_of(loop.train(run, RunFolder(tmp_path), digest="x"))
        (tmp_path / ".resume.pt").unlink()
        found.append((weights, without_speed(run.state.rows)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("stop", [7, 18, 30])
def test_a_curve_goes_on_as_if_never_interrupted(stop):
    settings = model(epochs=2, average=0.9, bottleneck=growing, curve=Curve(steps=5))
    whole, begun, resumed = (trainer(settings) for _ in range(3))
    for number in (1, 2):
        whole.epoch(number)
    with pytest.raises(StoppedError):
        for number in (1, 2):
            begun.state.rows.append(begun.epoch(number, stopping(begun, stop)))
    resumed.state.load_state_dict(begun.state.state_dict())
    for number in range(len(resumed.state.rows) + 1, 3):
        resumed.epoch(number)
    assert [*map(repr, resumed.state.points)] == [*map(repr, whole.state.points)]
    for weights, network in whole.state.models.items():
        assert bytes_of(resumed.state.models[weights]) == bytes_of(network)


def test_points_are_after_each_epoch_or_at_multiples_of_steps(tmp_path):
    run = trainer(model(epochs=2, average=0.9, bottleneck=growing, curve=Curve()))
    loop.train(run, RunFolder(tmp_path), digest="x")
    written = tables.read(tmp_path / "curve.tsv", Point)
    # The last row is that after the re-estimation which ends the training.
    assert written["step"].tolist() == [18] * 6 + [36] * 6 + [36] * 6
    assert written["weights"].tolist() == 3 * ["raw", "raw", "plain", "plain", "averaged", "averaged"]
    assert written["split"].tolist() == 9 * ["dev", "test"]
    done = written["reestimations"].tolist()
    assert done[:6] == [0] * 6
    assert done[-1] == done[-7] + 1
    assert written["bits_per_dimension"].isna().all()  # of the decoder window
    steps = trainer(model(epochs=1, average=0.9, curve=Curve(steps=7)))
    steps.epoch(1)
    assert list(of(steps.state.points, "raw")) == [7, 14]
    raw_alone = trainer(model(epochs=1, curve=Curve()))
    raw_alone.epoch(1)
    assert {point.weights for point in raw_alone.state.points} == {"raw"}


def test_a_loss_is_the_mean_over_whole_utterances():
    run = trainer(model(epochs=1, average=0.9, curve=Curve()))
    run.epoch(1)
    state, test = run.state, utterances(4, seed=2).matrices
    for weights, network in state.models.items():
        ((_, batch),) = whole_utterances(test, list(test))
        with torch.no_grad():
            loss = float(network.eval()(batch, quantise=False).task)
        assert of(state.points, weights)[18].task_loss == pytest.approx(loss, rel=1e-6)


def test_no_more_utterances_are_evaluated_than_asked_for():
    run = trainer(model(epochs=1, curve=Curve(utterances=3)))
    names = run.curve._names["test"]
    assert len(names) == 3
    assert names == sorted(names)
    assert run.curve._names == trainer(model(epochs=1, curve=Curve(utterances=3))).curve._names


def test_re_estimations_break_a_plain_average_and_not_ours():
    """A third of an epoch after each re-estimation. So small a model learns fast: every average lags a little."""
    plan = {"reestimation": ReestimationSettings(warmup_epochs=4)}
    run = trainer(model(average=0.99, epochs=10, bottleneck=plan, curve=Curve(splits=("test",), steps=6)), ("test",))
    for number in range(1, 11):
        run.epoch(number)
    raw, plain, averaged = (of(run.state.points, weights) for weights in ("raw", "plain", "averaged"))
    after = [18 * epoch + 6 for epoch in range(4, 10)]
    assert [raw[step].reestimations for step in after] == [1, 2, 3, 4, 5, 6]
    of_plain, of_ours = ([other[step].task_loss / raw[step].task_loss for step in after] for other in (plain, averaged))
    assert min(of_plain) > 1.2
    assert max(of_ours) < 1.05


def test_a_curve_is_of_a_decoder():
    with pytest.raises(InputError, match=r"training\.curve is of a decoder's loss, and objective ctc has none"):
        check_config({"corpora": {}, "models": {"m": {"kind": "vq", "objective": "ctc", "training": {"curve": {}}}}})
    values = {
        "corpora": {},
        "models": {"m": {"kind": "vq", "training": {"curve": {"splits": ["test"]}}}, "k": {"kind": "kmeans"}},
    }
    models = check_config(values).models
    assert models["m"].splits == ("train", "dev", "test")
    assert models["k"].splits == ("train", "dev")
    assert isnan(Point(1, 1, "dev", "raw", 0).bits_per_dimension)
