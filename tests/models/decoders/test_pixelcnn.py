"""Lines that a PixelCNN makes of codes, pixel by pixel, against the whole network for each pixel."""

import pytest
import torch

from unitdisc.models.batch import Sizes
from unitdisc.models.decoders.pixelcnn import PixelCNN, PixelCNNSettings
from unitdisc.models.decoding import Decoding, usual

height = 6


def decoder(**settings):
    torch.manual_seed(0)
    made = PixelCNN(5, Sizes(height, stride=2), PixelCNNSettings(channels=6, **settings)).eval()
    for weights in made.parameters():
        weights.data.mul_(2)  # so that pixels differ
    return made


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("sizes", [(1, 3, 3), (3, 5, 3), (3, 3, 5), (2, 7, 5)])
def test_each_pixel_is_that_of_the_whole_network(sizes, seed):
    layers, first, others = sizes
    made, codes = decoder(layers=layers, first_kernel=first, kernel=others), 2 * torch.randn(2, 3, 5)
    draw = None if seed is None else torch.Generator().manual_seed(seed)
    line = torch.zeros(2, 6, height)
    with torch.no_grad():
        for column in range(6):
            for row in range(height):
                logits = made(codes, line)[:, :, row, column]
                level = (
                    logits.argmax(1) if draw is None else torch.multinomial(logits.softmax(1), 1, generator=draw)[:, 0]
                )
                line[:, column, row] = level / 3
        found = made.frames(codes, usual if seed is None else Decoding(seed=seed))
    assert len(line.unique()) > 1
    torch.testing.assert_close(found, line)


def test_the_codes_matter():
    made = decoder(layers=2)
    with torch.no_grad():
        first, second = (made.frames(2 * torch.randn(1, 4, 5), usual) for _ in range(2))
    assert not first.equal(second)
