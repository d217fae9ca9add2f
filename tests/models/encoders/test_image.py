"""The encoder of images: its tokens, its size, and what it refuses."""

import pytest
import torch

from tests.helpers import pixels as small
from unitdisc.errors import InputError
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.image import ImageEncoder, ImageEncoderSettings


def tiny(**settings):
    torch.manual_seed(0)
    return ImageEncoder(small.sizes, ImageEncoderSettings(channels=6, outputs=5, **settings))


@pytest.mark.parametrize(("grid", "patch"), [((1, 1), 2), ((2, 3), 4), ((1, 2), 8)])
def test_there_is_a_token_for_every_patch(grid, patch):
    sizes = Sizes(patch * patch * 3, grid=grid)
    encoder = ImageEncoder(sizes, ImageEncoderSettings(channels=6, outputs=5))
    tokens = grid[0] * grid[1]
    vectors, mask = encoder(torch.randn(2, tokens, sizes.inputs), torch.ones(2, tokens, dtype=torch.bool))
    assert vectors.shape == (2, tokens, 5)
    assert mask.shape == (2, tokens)
    assert vectors.is_contiguous()  # a view of the planes


def test_the_published_encoder_has_the_parameters_counted_by_hand():
    """A convolution has inputs · outputs · kernel² weights and a bias an output, a batch norm two numbers a channel."""
    first, second = 3 * 256 * 16 + 256 + 512, 256 * 256 * 16 + 256 + 512
    block = 256 * 256 * 9 + 512 + 256 * 256 * 1 + 512  # no bias
    last = 256 * 256 * 1 + 256
    encoder = ImageEncoder(Sizes(48, grid=(8, 8)), ImageEncoderSettings())
    counted = sum(parameter.numel() for parameter in encoder.parameters())
    assert counted == first + second + 2 * block + last == 2_440_960


def test_a_token_lies_in_its_patch():
    """Without residual blocks a token sees its patch and three pixels around it, all alike on either side."""
    encoder = tiny(residual_blocks=0).eval()
    frames = torch.zeros(1, 6, 48, requires_grad=True)
    vectors, _ = encoder(frames, torch.ones(1, 6, dtype=torch.bool))
    vectors[0, 4].sum().backward()  # the second row's second patch
    seen = frames.grad[0].abs().sum(1) > 0
    assert seen.tolist() == [True] * 6
    of_pixels = frames.grad[0, 3].view(4, 4, 3).abs().sum(2) > 0  # the patch on the left
    assert of_pixels.any(0).tolist() == [False, True, True, True]


def test_every_parameter_has_a_gradient():
    encoder = tiny()
    vectors, _ = encoder(torch.randn(2, 6, 48), torch.ones(2, 6, dtype=torch.bool))
    vectors.square().sum().backward()
    assert all(
        parameter.grad is not None and parameter.grad.any() for parameter in encoder.layers_of_planes[0].parameters()
    )
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_images_of_a_batch_do_not_reach_each_other():
    encoder, frames = tiny().eval(), torch.randn(3, 6, 48)
    together, _ = encoder(frames, torch.ones(3, 6, dtype=torch.bool))
    alone, _ = encoder(frames[1:2], torch.ones(1, 6, dtype=torch.bool))
    torch.testing.assert_close(together[1:2], alone)


def test_parts_of_images_are_refused():
    with pytest.raises(InputError, match="5 patches are no image"):
        tiny()(torch.randn(2, 5, 48), torch.ones(2, 5, dtype=torch.bool))
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[1, 5] = False
    with pytest.raises(InputError, match="fewer patches"):
        tiny()(torch.randn(2, 6, 48), mask)
