"""Chunks of utterances: which are drawn, how they are shared, and their labels."""

from functools import partial

import numpy as np
import pytest
import torch

from tests.helpers.training import matrices, utterances, with_activity
from unitdisc.features.normalise import Normalised
from unitdisc.training.batches import Chunks, Utterances


class TestChunks:
    def test_so_many_of_every_utterance(self):
        chunks = Chunks(utterances(5), chunk=16, batch=4, seed=0, chunks_per_utterance=3)
        batches = list(chunks.epoch(1))
        assert len(batches) == len(chunks) == 4  # 15 chunks, and one more to fill the last batch
        assert all(len(batch.frames) == 4 for batch in batches)
        speakers = torch.cat([batch.speaker for batch in batches]).bincount()
        assert speakers.tolist() in ([9, 7], [10, 6])

    def test_the_shares_of_processes_are_one_batch(self):
        whole = list(Chunks(utterances(), chunk=16, batch=6, seed=0).epoch(3))
        parts = [list(Chunks(utterances(), chunk=16, batch=6, seed=0, share=(n, 2)).epoch(3)) for n in range(2)]
        for batch, one, other in zip(whole, *parts, strict=True):
            assert batch.frames[0::2].equal(one.frames)
            assert batch.frames[1::2].equal(other.frames)

    def test_labels_lie_under_their_frames(self):
        data = utterances(3, 40)
        short = Utterances(Normalised({"u0": data.matrices["u0"][:5]}), {}, {"u0": np.arange(5)})
        batch = next(Chunks(short, chunk=8, batch=2, seed=0).epoch(1))
        assert batch.labels.tolist() == [[0, 1, 2, 3, 4, -1, -1, -1]] * 2
        names = list(data.matrices)
        for batch in Chunks(data, chunk=8, batch=4, seed=0).epoch(1):
            for frames, labels in zip(batch.frames.numpy(), batch.labels.numpy(), strict=True):
                where = [
                    (n, t) for n in names for t in range(33) if np.array_equal(data.matrices[n][t : t + 8], frames)
                ]
                ((name, start),) = where
                assert (data.labels[name][start : start + 8] == labels).all()

    def test_active_frames_are_marked_under_their_frames(self):
        data = Utterances(with_activity(matrices([5, 20, 33]), 0.4), {})
        chunks = Chunks(data, chunk=8, batch=6, seed=0)
        for batch in chunks.epoch(1):
            assert batch.active.equal(batch.mask & (batch.frames[:, :, 0] > 0.4))
            assert batch.active.any()
        assert next(Chunks(Utterances(matrices([5]), {}), chunk=8, batch=2, seed=0).epoch(1)).active is None


def test_an_epoch_depends_on_seed_and_number_alone():
    chunks = Chunks(Utterances(matrices([50, 80]), {"u0": 0, "u1": 1}), chunk=16, batch=2, seed=3)
    first = [batch.frames for batch in chunks.epoch(4)]
    list(chunks.epoch(1))
    for before, after in zip(first, chunks.epoch(4), strict=True):
        torch.testing.assert_close(before, after.frames, rtol=0, atol=0)
    assert len(first) == len(chunks) == -(-130 // 32)


def test_short_utterances_are_padded_not_dropped():
    chunks = Chunks(Utterances(matrices([5]), {}), chunk=16, batch=2, seed=0)
    batch = next(iter(chunks.epoch(1)))
    assert batch.frames.shape == (2, 16, 3)
    assert batch.mask.sum(dim=1).tolist() == [5, 5]
    assert batch.speaker.tolist() == [-1, -1]
    assert (batch.frames[:, 5:] == 0).all()


def test_every_frame_is_drawn_about_as_often():
    values = Normalised(
        {"a": np.arange(300, dtype="f4")[:, None], "b": np.arange(300, 340, dtype="f4")[:, None]}, by_speaker=None
    )
    counts = np.zeros(340)
    chunks = Chunks(Utterances(values, {}), chunk=10, batch=8, seed=0)
    for number in range(400):
        for batch in chunks.epoch(number):
            np.add.at(counts, batch.frames[batch.mask].flatten().long().numpy(), 1)
    share = counts / counts.mean()
    assert share[20:280].min() > 0.85
    assert share[20:280].max() < 1.15


@pytest.mark.parametrize("per_utterance", [None, 3])
def test_batches_that_are_read_ahead_are_the_same(per_utterance):
    data = Utterances(with_activity(matrices([5, 20, 33, 200]), 0.4), {"u0": 1})
    cut = partial(Chunks, data, chunk=16, batch=3, seed=2, chunks_per_utterance=per_utterance)
    for one, other in zip(cut().epoch(2), cut(ahead=4).epoch(2), strict=True):
        for name in ("frames", "mask", "speaker", "active"):
            assert getattr(one, name).equal(getattr(other, name))


def test_active_frames_are_found_once_an_utterance(monkeypatch):
    data = with_activity(matrices([5000]), 0.4)
    found = []
    monkeypatch.setattr(data, "active", lambda name, of=data.active: found.append(name) or of(name))
    chunks = Chunks(Utterances(data, {}), chunk=16, batch=8, seed=0)
    for epoch in (1, 2):
        list(chunks.epoch(epoch))
    assert found == ["u0"]
