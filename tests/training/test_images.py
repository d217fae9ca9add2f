"""A training on images, with a product bottleneck of more units than a number tells: learning, resuming, encoding."""

import math

import pytest
import torch

from tests.helpers import pixels as small
from unitdisc.config import ReestimationSettings
from unitdisc.layout import RunFolder
from unitdisc.training.loop import train
from unitdisc.training.usage import usage_of

both = {"reestimation": ReestimationSettings(warmup_epochs=1, every="both", growth=1.3, until_epoch=3, capacity=300)}


def test_two_hundred_images_lower_the_loss():
    run = small.trainer(small.model(bottleneck=both, epochs=5))
    rows = [run.epoch(number) for number in range(1, 6)]
    losses = [row.task_loss for row in rows]
    assert losses[0] < math.log(256) + 0.5
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.8
    assert rows[-1].dev_task_loss < losses[0]
    assert [row.units_used + row.dead_codewords for row in rows] == [6 * 8] * 5
    # Epochs have ten steps. By the epoch at 10 and 20; by 1.3 · iteration + 1 at 10, 14, 20 (once) and 27.
    assert [row.reestimations for row in rows] == [0, 2, 2, 0, 0]


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_a_resumed_training_is_the_uninterrupted_one(tmp_path, update):
    settings = small.model(bottleneck=both | {"update": update}, average=0.9, epochs=4)
    whole = train(small.trainer(settings, count=80), RunFolder(tmp_path / "whole"), digest="x")
    stopped = small.trainer(settings, count=80)
    stopped.state.rows = [stopped.epoch(number) for number in (1, 2)]
    again = small.trainer(settings, count=80)
    again.state.load_state_dict(stopped.state.state_dict())
    resumed = train(again, RunFolder(tmp_path / "resumed"), digest="x")
    for name, value in whole.state_dict().items():
        assert value.equal(resumed.state_dict()[name]), name
    rows = [(tmp_path / name / "training.tsv").read_text().splitlines() for name in ("whole", "resumed")]
    timeless = [[line.split("\t")[:-1] for line in lines] for lines in rows]
    assert timeless[0] == timeless[1]


def test_averaged_weights_get_the_codewords_of_a_re_estimation():
    run = small.trainer(small.model(bottleneck=both, average=0.9), count=80)
    run.epoch(1)
    assert run._reestimate(2)
    words = run.state.model.bottleneck.quantizer.codebook
    assert run.state.average.model.bottleneck.quantizer.codebook.equal(words)


def test_tokens_have_an_index_for_each_codebook_and_codes_are_exact_codewords():
    run = small.trainer(small.model(bottleneck=both), count=40)
    run.epoch(1)
    model = run.state.model.eval()
    frames = small.batch_of(small.images(3)).frames
    units = model.encode(frames[0])
    assert units.shape == (6, 6)
    assert 0 <= units.min() <= units.max() < 8
    assert all(
        one.equal(model.encode(each)) for one, each in zip(model.encode_batch(list(frames)), frames, strict=True)
    )
    assert model.codebook.shape == (6, 8, 2)
    codes = model.stages(frames[0])["codes"]
    chosen = torch.stack([model.codebook[group, units[:, group]] for group in range(6)], 1)
    assert codes.equal(chosen.flatten(1))
    found = usage_of(model, run.train.matrices, seed=0)
    assert found.units_used + found.dead_codewords == 48
    assert 1 <= found.perplexity <= 8
    assert found.distance == pytest.approx(
        float((model.vectors(frames[0]).detach() - codes).square().sum(1).mean()), rel=0.5
    )


def test_the_model_states_the_likelihood_of_its_images():
    run = small.trainer(small.model(bottleneck=both), count=40)
    run.epoch(1)
    model, batch = run.state.model.eval(), small.batch_of(small.images(3))
    losses = model(batch)
    nats, values = model.objective.decoder.nats(losses.bottleneck.codes, losses.tokens, batch)
    assert float(nats.sum() / values.sum()) == pytest.approx(losses.task.item(), rel=1e-5)
