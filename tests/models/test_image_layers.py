"""Patches and pixels, levels, and what is no image."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers import pixels as small
from unitdisc.errors import InputError
from unitdisc.features.patches import patches
from unitdisc.models import image_layers
from unitdisc.models.batch import Sizes
from unitdisc.models.image_layers import PlaneNorm, ResidualBlock, halvings, image_sizes, pixels, quantised


def test_pixels_are_those_whose_patches_the_frames_are():
    levels = torch.randint(256, (3, 8, 12, 3))
    found = pixels(torch.from_numpy(small.patches_of(levels.numpy())), small.grid)
    torch.testing.assert_close(found, levels / 255 - 0.5)


def test_every_level_is_found_again_and_others_are_cut():
    levels = torch.arange(256)
    assert quantised(levels.float() / 255 - 0.5).equal(levels)
    assert quantised(torch.tensor([-0.6, -0.5 + 0.4 / 255, 0.7])).tolist() == [0, 0, 255]


@pytest.mark.parametrize("sizes", [Sizes(48), Sizes(47, grid=(2, 3)), Sizes(24, grid=(2, 3))])
def test_other_features_are_no_images(sizes):
    with pytest.raises(ValueError, match="no patches of a colour image"):
        image_sizes(sizes)


def test_patches_that_cannot_be_halved_to_a_point_are_refused():
    assert [halvings(patch) for patch in (2, 4, 8)] == [1, 2, 3]
    for patch in (1, 3, 6):
        with pytest.raises(ValueError, match="cannot be halved"):
            halvings(patch)


@pytest.mark.parametrize("frames", [5, 7, 12])
def test_another_number_of_patches_than_an_image_has_is_refused(frames):
    with pytest.raises(InputError, match=r"\d+ patches are no image of 2 rows of 3; set training.chunk to 6"):
        pixels(torch.zeros(2, frames, 48), small.grid)


@pytest.mark.parametrize("training", [True, False])
def test_the_batch_norm_of_planes_is_that_of_torch(training):
    torch.manual_seed(0)
    ours, theirs = PlaneNorm(5).train(training), nn.BatchNorm2d(5).train(training)
    for _ in range(2):
        x = torch.randn(3, 5, 4, 6) * 2 + 1
        torch.testing.assert_close(ours(x), theirs(x))
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_a_residual_block_leaves_its_input_as_it_is():
    block, x = ResidualBlock(4, 3), torch.randn(2, 4, 5, 5)
    before = x.clone()
    nn.init.zeros_(block.narrow.weight)
    assert block(x).equal(before)
    assert x.equal(before)


def test_patches_are_those_of_the_features():
    levels = small.images(2).astype("u1")
    frames = torch.from_numpy(np.stack([patches(each, small.patch) for each in levels]))
    assert quantised(pixels(frames, small.grid)).equal(torch.from_numpy(levels).long())


def test_patches_of_planes_are_those_of_the_features_too():
    levels = small.images(2)
    frames = torch.from_numpy(small.patches_of(levels))
    assert image_layers.patches(pixels(frames, small.grid), small.patch).equal(frames)
