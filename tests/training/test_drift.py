"""The drift of encoder outputs: moves against a slow count, the chunks they are measured on, and resuming."""

import math
from dataclasses import replace
from itertools import chain

import pytest
import torch

from tests.helpers.training import cpu, model, trainer, utterances
from unitdisc.config import ReestimationSettings
from unitdisc.layout import RunFolder
from unitdisc.training.batches import Chunks
from unitdisc.training.drift import Drift, most_chunks, relative_move
from unitdisc.training.loop import train
from unitdisc.training.trainer import Trainer

columns = ("drift", "code_drift", "moved_tokens", "gap")


def vectors_by_hand(run, chunks):
    """The quantiser's inputs of the first chunks, each encoded alone as units are."""
    each = run.state.model.eval()
    frames = [row for batch in chunks.epoch(1) for row in batch.frames][:most_chunks]
    with torch.no_grad():
        return [vector.tolist() for row in frames for vector in each.vectors(row)]


def nearest(vector, codebook):
    squares = [sum((a - b) ** 2 for a, b in zip(vector, word, strict=True)) for word in codebook]
    return squares.index(min(squares))


def size(rows):
    return sum(value * value for row in rows for value in row)


def less(rows, others):
    return [[a - b for a, b in zip(*pair, strict=True)] for pair in zip(rows, others, strict=True)]


@pytest.mark.parametrize("codebooks", [1, 2])
def test_moves_are_those_of_a_slow_count(codebooks):
    plan = {"codewords": 6, "codebooks": codebooks, "reestimation": ReestimationSettings(warmup_epochs=1)}
    run = trainer(model(epochs=3, precision="float32", bottleneck=plan))
    chunks = Chunks(utterances(4, seed=1), chunk=16, batch=8, seed=0)
    before = books = None
    width = 4 // codebooks
    for number in (1, 2, 3):
        row = run.epoch(number)
        after = vectors_by_hand(run, chunks)
        book = run.state.model.bottleneck.quantizer.codebook.detach().view(codebooks, 6, width).tolist()

        def parts(vector):
            return [vector[group * width : (group + 1) * width] for group in range(codebooks)]

        def units(rows, book=book):
            return [[nearest(part, words) for part, words in zip(parts(row), book, strict=True)] for row in rows]

        def codes(rows, book=book):
            return [
                list(chain(*(words[unit] for unit, words in zip(of, book, strict=True)))) for of in units(rows, book)
            ]

        assert row.gap == pytest.approx(math.sqrt(size(less(after, codes(after))) / size(after)), rel=1e-4)
        if before is not None:
            moved = math.sqrt(2 * size(less(after, before)) / (size(after) + size(before)))
            old = codes(before, books)
            carried = math.sqrt(2 * size(less(codes(after), old)) / (size(codes(after)) + size(old)))
            other = [
                a != b for x, y in zip(units(before), units(after), strict=True) for a, b in zip(x, y, strict=True)
            ]
            assert [row.drift, row.code_drift] == pytest.approx([moved, carried], rel=1e-4)
            assert row.moved_tokens == pytest.approx(sum(other) / len(other))
        before, books = after, book


def test_a_move_is_relative_and_bounded():
    torch.manual_seed(0)
    here = torch.randn(2000, 8)
    assert relative_move(here, here) == 0
    assert relative_move(here, -here) == pytest.approx(2)
    assert relative_move(here, torch.randn(2000, 8)) == pytest.approx(math.sqrt(2), rel=0.02)
    assert relative_move(3 * here, 3 * here + 3) == pytest.approx(relative_move(here, here + 1))
    assert relative_move(here * 0, here * 0) == 0


def test_nothing_moves_where_no_step_is_taken_and_the_first_call_compares_with_nothing():
    run = trainer(model(epochs=1, gradient_skip=1e-9, bottleneck={"reestimation": None, "batch_norm": False}))
    row = run.epoch(1)
    assert (row.drift, row.code_drift, row.moved_tokens) == (0, 0, 0)
    first = Drift(run.dev, run.settings.training, cpu).measure(run.state.model)
    assert math.isnan(first.vectors + first.codes + first.tokens)
    assert first.gap == row.gap


@pytest.mark.parametrize("batch", [8, 64])
def test_at_most_so_many_chunks_of_dev_or_of_train(batch):
    settings = model(epochs=1, batch=batch)
    for dev in (utterances(40, seed=1), None):
        run = Trainer(settings, utterances(40), dev, inputs=6, labels=0, seed=0, device=cpu)
        run.epoch(1)
        assert len(run.state.state_dict()["drift"]["vectors"]) == most_chunks * 8  # tokens of 16 frames


def test_an_interrupted_epoch_compares_with_the_same_vectors(tmp_path):
    settings = model(average=0.9, epochs=3)
    whole = trainer(settings)
    train(whole, RunFolder(tmp_path / "whole"), digest="x")
    stopped = trainer(settings)
    stopped.state.rows = [stopped.epoch(1)]
    with pytest.raises(StopIteration):
        stopped.epoch(2, iter([None, None]).__next__)
    again = trainer(settings)
    again.state.load_state_dict(stopped.state.state_dict())
    train(again, RunFolder(tmp_path / "resumed"), digest="x")
    speeds = {"frames_per_second": 0.0}
    assert [replace(row, **speeds) for row in again.state.rows] == [replace(row, **speeds) for row in whole.state.rows]
    assert all(0 < getattr(row, name) < 2 for row in whole.state.rows for name in columns if name != "moved_tokens")


def test_measuring_changes_no_weight_and_no_random_number():
    run = trainer(model(epochs=1))
    before, numbers = {k: v.clone() for k, v in run.state.model.state_dict().items()}, torch.get_rng_state()
    Drift(run.dev, run.settings.training, cpu).measure(run.state.model)
    assert torch.get_rng_state().equal(numbers)
    assert all(value.equal(before[name]) for name, value in run.state.model.state_dict().items())
