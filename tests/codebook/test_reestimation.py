import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unitdisc.codebook import (
    Bottleneck,
    Reestimation,
    ReestimationSchedule,
    Reservoir,
    UsageHealth,
    VectorQuantizer,
    kmeans,
)
from unitdisc.codebook.reestimation import centres_of, reset_moments


def simulate(schedule, *, epochs, steps, per_step, codewords=20, saved=False):
    """Run the schedule as a training loop would; return (epoch, iteration, vectors used) of each re-estimation."""
    vq, reservoir, reestimation = VectorQuantizer(2, codewords), Reservoir(500, 2), Reestimation(schedule)
    done, iteration = [], 0
    for epoch in range(1, epochs + 1):
        for _ in range(steps):
            if saved:
                state = reestimation.state_dict()
                reestimation = Reestimation(schedule)
                reestimation.load_state_dict(state)
            held = len(reservoir)
            if reestimation.due(epoch, iteration) and reestimation.run(vq, reservoir, None):
                done.append((epoch, iteration, held))
            if reestimation.collect(epoch, iteration):
                reservoir.add(torch.randn(per_step, 2))
            iteration += 1
    assert reestimation.done == len(done)
    return done


@pytest.mark.parametrize("saved", [False, True])
def test_every_epoch_after_a_warm_up_uses_the_vectors_of_the_epoch_before(saved):
    done = simulate(ReestimationSchedule(until_epoch=5), epochs=8, steps=4, per_step=10, saved=saved)
    assert done == [(3, 8, 40), (4, 12, 40), (5, 16, 40)]


@given(growth=st.floats(1, 3), steps=st.integers(2, 100))
@settings(deadline=None, max_examples=30)
def test_growing_intervals_follow_the_recursion(growth, steps):
    schedule = ReestimationSchedule(warmup_epochs=0, every="growing", growth=growth)
    expected = [1]  # the first with enough vectors
    while (due := math.ceil(growth * expected[-1] + 1)) < steps:
        expected.append(due)
    assert [i for _, i, _ in simulate(schedule, epochs=1, steps=steps, per_step=4, codewords=4)] == expected


def test_every_epoch_without_a_warm_up_starts_in_the_second():
    done = simulate(ReestimationSchedule(warmup_epochs=0), epochs=4, steps=4, per_step=10)
    assert done == [(2, 4, 40), (3, 8, 40), (4, 12, 40)]


@pytest.mark.parametrize("saved", [False, True])
def test_growing_intervals_alone_and_after_a_warm_up(saved):
    alone = ReestimationSchedule(warmup_epochs=0, every="growing")
    assert [i for _, i, _ in simulate(alone, epochs=1, steps=30, per_step=20, saved=saved)] == [1, 3, 6, 10, 16, 25]
    warm = ReestimationSchedule(warmup_epochs=2, every="growing")
    assert [i for _, i, _ in simulate(warm, epochs=10, steps=4, per_step=20, saved=saved)] == [8, 13, 21, 33]


@pytest.mark.parametrize("saved", [False, True])
def test_both_schedules_are_due_when_either_is(saved):
    plan = {"warmup_epochs": 2, "until_epoch": 7}
    both = simulate(ReestimationSchedule(every="both", **plan), epochs=9, steps=4, per_step=20, saved=saved)
    alone = [
        simulate(ReestimationSchedule(every=every, **plan), epochs=9, steps=4, per_step=20)
        for every in ("epoch", "growing")
    ]
    assert [i for _, i, _ in both] == sorted({i for each in alone for _, i, _ in each}) == [8, 12, 13, 16, 20, 21, 24]
    assert simulate(ReestimationSchedule(warmup_epochs=0, every="both", until_epoch=2), epochs=3, steps=4, per_step=20) == [
        (1, 1, 20), (1, 3, 40), (2, 4, 20), (2, 6, 40),
    ]  # fmt: skip


def test_no_re_estimation_after_the_last_iteration():
    schedule = ReestimationSchedule(warmup_epochs=0, every="growing", until_iteration=10)
    assert [i for _, i, _ in simulate(schedule, epochs=1, steps=30, per_step=20)] == [1, 3, 6, 10]


def test_too_few_vectors_wait_until_there_are_enough():
    # Epoch 2 gives 12 of the 20 vectors wanted and epoch 3 the others; epoch 4, due at its start, gets too few.
    done = simulate(ReestimationSchedule(until_epoch=4), epochs=6, steps=4, per_step=3)
    assert done == [(3, 11, 21)]
    only = simulate(ReestimationSchedule(until_epoch=3), epochs=6, steps=4, per_step=3)
    assert only == [(3, 11, 21)]


def test_the_warm_up_passes_unquantised_and_its_last_epoch_is_collected():
    reestimation = Reestimation(ReestimationSchedule(warmup_epochs=2, until_epoch=5))
    assert [reestimation.quantise(epoch) for epoch in range(1, 5)] == [False, False, True, True]
    assert [reestimation.collect(epoch) for epoch in range(1, 8)] == [False, True, True, True, True, False, False]


def test_codewords_become_the_centres_of_the_reservoir():
    torch.manual_seed(0)
    x = torch.randn(300, 6)
    bottleneck, reservoir = Bottleneck(4, 6, 10, codebooks=2), Reservoir(400, 6)
    reservoir.add(x)
    reestimation = Reestimation(ReestimationSchedule())
    assert reestimation.due(3, 100)
    assert reestimation.run(bottleneck, reservoir, None, seed=7)
    expected = [kmeans(part, 10, seed=7)[0] for part in x.chunk(2, 1)]
    assert bottleneck.quantizer.codebook.equal(torch.stack(expected))
    assert len(reservoir) == 0
    assert not reestimation.due(3, 100)


def test_the_optimiser_forgets_the_old_codewords_and_nothing_else():
    torch.manual_seed(0)
    vq, other = VectorQuantizer(4, 8), nn.Linear(4, 4)
    groups = [{"params": other.parameters()}, {"params": [vq.codebook], "lr": 0.01}]
    optimizer = torch.optim.AdamW(groups, lr=0.001, amsgrad=True)
    x = torch.randn(100, 4)
    for _ in range(5):
        vq(other(x)).loss.backward()
        optimizer.step()
    kept = {name: value.clone() for name, value in optimizer.state[other.weight].items()}
    reservoir = Reservoir(100, 4)
    reservoir.add(x)
    reestimation = Reestimation(ReestimationSchedule())
    reestimation.due(3, 5)
    reestimation.run(vq, reservoir, optimizer)
    assert not any(value.any() for value in optimizer.state[vq.codebook].values())
    assert all(value.equal(kept[name]) for name, value in optimizer.state[other.weight].items())
    # The next step is that of a fresh optimiser, bias correction included.
    fresh = copy.deepcopy(vq)
    again = torch.optim.AdamW([fresh.codebook], lr=0.01, amsgrad=True)
    for quantizer, each in ((vq, optimizer), (fresh, again)):
        quantizer.codebook.grad = None
        quantizer(x).loss.backward()
        each.step()
    torch.testing.assert_close(vq.codebook, fresh.codebook, rtol=0, atol=0)


def test_momentum_and_unused_parameters_are_reset_too():
    parameter = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    reset_moments(optimizer, parameter)  # nothing is remembered yet
    parameter.grad = torch.ones(3)
    optimizer.step()
    reset_moments(optimizer, parameter)
    assert not optimizer.state[parameter]["momentum_buffer"].any()


def test_averages_start_their_counts_anew_and_a_too_small_reservoir_is_refused():
    vq, average = (VectorQuantizer(3, 8, update="ema") for _ in range(2))
    average(torch.randn(50, 3))
    reservoir = Reservoir(50, 3)
    reservoir.add(torch.randn(50, 3))
    reestimation = Reestimation(ReestimationSchedule())
    reestimation.due(3, 0)
    assert reestimation.run(vq, reservoir, None, averaged=[average])
    assert average.codebook.equal(vq.codebook)
    assert average.counts.eq(1).all()
    with pytest.raises(ValueError, match="reservoir of 7 vectors cannot give 8"):
        reestimation.run(vq, Reservoir(7, 3), None)


def test_mistakes_in_a_schedule_are_named():
    with pytest.raises(ValueError, match="'step' is neither"):
        ReestimationSchedule(every="step")
    with pytest.raises(ValueError, match="growth"):
        ReestimationSchedule(growth=0.5)


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 32), nn.Tanh())
        self.bottleneck = Bottleneck(32, 8, 128)
        self.decoder = nn.Linear(8, 16)

    def forward(self, x, *, quantise=True):
        out = self.bottleneck(self.encoder(x).unsqueeze(0), quantise=quantise)
        return (self.decoder(out.codes[0]) - x).square().mean(), out


def training_with_averages(*, share_codewords):
    """Return the errors (raw, averaged) on unseen data after every sixth step, the first after each re-estimation."""
    torch.manual_seed(0)
    centres = torch.randn(300, 16)
    model = AutoEncoder()
    average = copy.deepcopy(model)
    groups = [{"params": model.bottleneck.codebook_parameters(), "lr": 0.1}]
    own = {id(parameter) for parameter in model.bottleneck.codebook_parameters()}
    groups.append({"params": [p for p in model.parameters() if id(p) not in own]})
    optimizer = torch.optim.Adam(groups, lr=0.01)
    reservoir, reestimation = Reservoir(2000, 8), Reestimation(ReestimationSchedule(warmup_epochs=1))
    unseen = centres[torch.randint(300, (1000,))] + 0.1 * torch.randn(1000, 16)
    errors, iteration = [], 0
    for epoch in range(1, 4):
        for step in range(120):
            if reestimation.due(epoch, iteration):
                averaged = [average.bottleneck] if share_codewords else []
                assert reestimation.run(model.bottleneck, reservoir, optimizer, averaged=averaged)
            x = centres[torch.randint(300, (64,))] + 0.1 * torch.randn(64, 16)
            error, out = model(x, quantise=reestimation.quantise(epoch))
            reservoir.add(out.vectors)
            optimizer.zero_grad()
            (error + out.loss).backward()
            optimizer.step()
            with torch.no_grad():
                for mean, value in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                    mean.copy_(torch.lerp(mean, value, 0.05) if mean.is_floating_point() else value)
            iteration += 1
            if epoch > 2 and step % 6 == 0:
                errors.append([each.eval()(unseen)[0].item() for each in (model, average)])
                model.train()
    return torch.tensor(errors)


@pytest.fixture(scope="module")
def errors():
    return {share: training_with_averages(share_codewords=share) for share in (False, True)}


@pytest.mark.slow
def test_averaged_weights_are_not_worse_than_raw_ones_after_a_re_estimation(errors):
    raw, averaged = errors[True].t()
    assert (averaged <= raw).all()


@pytest.mark.slow
def test_an_average_that_keeps_its_old_codewords_is_worse(errors):
    raw, averaged = errors[False].t()
    assert averaged.div(raw).amax() > 1.15


def test_health_counts_units_of_real_frames():
    bottleneck, health = Bottleneck(4, 6, 10, codebooks=2), UsageHealth(10, 2)
    torch.manual_seed(0)
    units, distances, frames = [[], []], 0.0, 0
    for _ in range(3):
        mask = torch.rand(3, 8) < 0.5
        out = bottleneck(torch.randn(3, 8, 4), mask)
        health.add(out, mask)
        for group in range(2):
            units[group] += out.units[mask][:, group].tolist()
        distances += float(out.distance) * int(mask.sum())
        frames += int(mask.sum())
    record = health.record(reestimations=4)
    shares = [torch.tensor([own.count(k) for k in range(10)]) / frames for own in units]
    perplexities = [2 ** -(share[share > 0] * share[share > 0].log2()).sum() for share in shares]
    assert record.units_used == sum(len(set(own)) for own in units)
    assert record.dead_codewords == 20 - record.units_used
    assert record.perplexity == pytest.approx(float(sum(perplexities) / 2), rel=1e-5)
    assert record.distance == pytest.approx(distances / frames, rel=1e-5)
    assert record.reestimations == 4
    health.clear()
    assert health.record().units_used == 0


def test_collapse_is_told_from_health():
    vq, health = Bottleneck(4, 6, 100), UsageHealth(100)
    out = vq(torch.randn(1, 1, 4).expand(1, 50, 4))
    health.add(out)
    assert health.record().collapsed()
    assert health.record().perplexity == pytest.approx(1)
    assert not health.record().collapsed(share=0.01)


def test_centres_of_leaves_the_codebook_alone():
    vq = VectorQuantizer(4, 8)
    before = vq.codebook.clone()
    assert centres_of(torch.randn(40, 4), vq).shape == (8, 4)
    assert vq.codebook.equal(before)
