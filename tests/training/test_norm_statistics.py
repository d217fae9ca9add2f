"""The batch-norm statistics of averaged weights."""

import copy
from itertools import islice
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.optim.swa_utils import update_bn

from tests.helpers import pixels
from tests.helpers.training import cpu, model, trainer
from unitdisc.config import ReestimationSettings
from unitdisc.layout import RunFolder
from unitdisc.training import loop, norm_statistics
from unitdisc.training.norm_statistics import NormStatistics

kinds = {
    "sequences": lambda **plan: trainer(model(average=0.9, **plan)),
    "images": lambda **plan: pixels.trainer(pixels.model(average=0.9, **plan), count=80),
}
growing = {"reestimation": ReestimationSettings(warmup_epochs=1, every="growing", final=True)}


def statistics(network):
    return {name: value for name, value in network.state_dict().items() if "running" in name}


def renewed(run, network, *, quantise=True):
    other = copy.deepcopy(network)
    NormStatistics(run.batches, run.settings.training.batch, cpu).renew(other, quantise=quantise)
    return other


@pytest.mark.parametrize("kind", kinds)
def test_they_are_those_of_torch_over_the_same_batches(kind):
    run = kinds[kind]()
    run.epoch(1)
    expected = copy.deepcopy(run.state.average.model)
    update_bn(run.batches.epoch(1), expected)
    found = renewed(run, run.state.average.model)
    assert len(statistics(found)) >= 2
    for name, value in statistics(found).items():
        torch.testing.assert_close(value, expected.state_dict()[name], msg=name)


@pytest.mark.parametrize("kind", kinds)
def test_they_depend_on_the_weights_alone_and_change_nothing_else(kind):
    run = kinds[kind](bottleneck={"update": "ema"})
    run.epoch(1)
    before, generator = run.state.average.model, torch.get_rng_state()
    once = renewed(run, before)
    twice = renewed(run, renewed(run, once, quantise=False))
    assert generator.equal(torch.get_rng_state())
    for name, value in once.state_dict().items():
        assert value.equal(twice.state_dict()[name]), name
        if "running" not in name and "tracked" not in name:
            assert value.equal(before.state_dict()[name]), name
    norms = [module for module in once.modules() if hasattr(module, "running_mean")]
    assert all(norm.momentum == 0.1 and not norm.training for norm in norms)


@pytest.mark.parametrize("kind", kinds)
def test_a_training_goes_on_as_without_them(kind):
    plain, renewing = (kinds[kind](bottleneck=growing) for _ in range(2))
    for number in (1, 2):
        plain.epoch(number)
        renewing.epoch(number, lambda: renewing.renew_statistics(1))
    for weights, network in plain.state.models.items():
        for name, value in network.state_dict().items():
            assert value.equal(renewing.state.models[weights].state_dict()[name]), name


@pytest.mark.parametrize("bottleneck", [{"reestimation": ReestimationSettings(warmup_epochs=1)}, growing])
@pytest.mark.parametrize("kind", kinds)
def test_a_trained_model_has_its_own(tmp_path, kind, bottleneck):
    run = kinds[kind](bottleneck=bottleneck, epochs=3)
    result = loop.train(run, RunFolder(tmp_path), digest="x")
    raw, own = statistics(run.state.model), statistics(renewed(run, result))
    assert result is run.state.average.model
    for name, value in statistics(result).items():
        assert value.equal(own[name]), name
        assert not value.equal(raw[name]), name


def test_they_are_renewed_where_the_average_is_evaluated_and_nowhere_else(monkeypatch):
    seen = []
    monkeypatch.setattr(NormStatistics, "renew", lambda _, network, quantise: seen.append((network, quantise)))
    run = pixels.trainer(pixels.model(bottleneck=growing, average=0.9, epochs=2), count=80)
    average = run.state.average.model
    for number in (1, 2):
        run.epoch(number)  # whose loss on dev is of the average
    run.add_points(2)
    assert seen == [(average, False), (average, True), (average, True)]
    raw_alone = pixels.trainer(pixels.model(bottleneck=growing), count=80)
    raw_alone.epoch(1)
    assert len(seen) == 3


def test_no_more_chunks_are_read_than_needed(monkeypatch):
    run = kinds["sequences"]()
    monkeypatch.setattr(norm_statistics, "most_chunks", 20)
    found, expected = renewed(run, run.state.model), copy.deepcopy(run.state.model)
    update_bn(islice(run.batches.epoch(1), 3), expected)  # of eight chunks
    for name, value in statistics(found).items():
        torch.testing.assert_close(value, expected.state_dict()[name], msg=name)


def shared(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    run = kinds["images"]()
    torch.save(statistics(renewed(run, run.state.average.model)), Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_have_those_of_one(tmp_path):
    mp.spawn(shared, (str(tmp_path),), nprocs=2)
    run = kinds["images"]()
    expected = statistics(renewed(run, run.state.average.model))
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    for name, value in expected.items():
        assert first[name].equal(second[name]), name
        torch.testing.assert_close(first[name], value, msg=name)
