"""The input of a model: batches that are changed, and which tokens hold a frame."""

from dataclasses import fields

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.masks import real_frames
from unitdisc.models.batch import Batch, any_frame

real = real_frames(torch.tensor([5, 3]), 5)


@pytest.fixture
def batch():
    frames = (torch.arange(10.0).view(2, 5, 1) + 1) * real.unsqueeze(2)
    labels = torch.arange(10).view(2, 5).masked_fill(~real, -1)
    return Batch(frames, real, torch.zeros(2, dtype=torch.long), labels, active=real & (labels % 2 == 0))


def test_other_frames_leave_the_rest_as_it_is(batch):
    changed = batch.changed(batch.frames + 100)
    assert changed.frames[:, :, 0].tolist() == [[101, 102, 103, 104, 105], [106, 107, 108, 0, 0]]
    assert changed.clean is batch.frames
    for name in ("mask", "speaker", "labels", "active", "hidden"):
        assert getattr(changed, name) is getattr(batch, name)


def test_moved_frames_take_their_labels_with_them(batch):
    source = torch.tensor([[-1, 0, 0, 1, 3], [1, 2, 3, 4, 7]])
    changed = batch.changed(torch.full((2, 5, 1), 9.0), source)
    assert changed.mask.int().tolist() == [[0, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert changed.frames[:, :, 0].tolist() == [[0, 9, 9, 9, 9], [9, 9, 0, 0, 0]]
    assert changed.labels[changed.mask].tolist() == [0, 0, 1, 3, 6, 7]
    assert changed.active[changed.mask].int().tolist() == [1, 1, 0, 0, 1, 0]
    assert not changed.active[~changed.mask].any()
    assert changed.clean[changed.mask][:, 0].tolist() == [1, 1, 2, 4, 7, 8]


def test_what_is_reconstructed_are_the_frames_before_all_changes(batch):
    changed = batch.changed(batch.frames + 1).changed(batch.frames + 2)
    assert changed.clean.equal(batch.frames)
    moved = batch.changed(batch.frames + 1).changed(batch.frames, torch.tensor([[1, 2, 3, 4, 5]] * 2))
    assert moved.clean[0, :4].equal(batch.frames[0, 1:])
    assert batch.clean is batch.frames


def test_a_batch_without_labels_is_changed_too(batch):
    plain = Batch(batch.frames, batch.mask, batch.speaker)
    for changed in (plain.changed(plain.frames), plain.changed(plain.frames, torch.zeros(2, 5, dtype=torch.long))):
        assert changed.labels is changed.active is changed.hidden is None


def test_all_parts_go_to_the_device(batch):
    whole = batch.changed(batch.frames)
    whole = Batch(**{field.name: getattr(whole, field.name) for field in fields(Batch)} | {"hidden": real})
    moved = whole.to(torch.device("meta"))
    for field in fields(Batch):
        assert getattr(moved, field.name).device.type == "meta", field.name
    assert Batch(batch.frames, real, batch.speaker).to(torch.device("meta")).labels is None


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=3), st.integers(1, 8))
def test_a_token_holds_any_of_its_frames(rows, stride):
    expected = [[any(row[start : start + stride]) for start in range(0, 7, stride)] for row in rows]
    assert any_frame(torch.tensor(rows), stride).tolist() == expected
