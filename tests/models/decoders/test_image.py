"""The decoder of images: its likelihood against one value at a time, its size, its reconstructions."""

import math

import pytest
import torch

from tests.helpers import pixels as small
from unitdisc.models.batch import Sizes
from unitdisc.models.decoders.image import ImageDecoder, ImageDecoderSettings


def tiny(channels=6, **settings):
    torch.manual_seed(0)
    return ImageDecoder(5, small.sizes, ImageDecoderSettings(channels=channels, **settings))


tokens = torch.ones(3, 6, dtype=torch.bool)


def test_the_published_decoder_has_the_parameters_counted_by_hand():
    first = 256 * 256 * 1 + 256
    block = 256 * 256 * 9 + 512 + 256 * 256 * 1 + 512  # convolutions without bias, batch norms
    transposed = 256 * 256 * 16 + 256 + 512
    last = 256 * 3 * 256 * 1 + 3 * 256
    decoder = ImageDecoder(256, Sizes(48, grid=(8, 8)), ImageDecoderSettings())
    counted = sum(parameter.numel() for parameter in decoder.parameters())
    assert counted == first + 2 * block + 2 * transposed + last == 3_674_624


@pytest.mark.parametrize("training", [True, False])
def test_its_likelihood_is_that_of_one_value_after_another(training):
    decoder, codes, levels = tiny().train(training), torch.randn(3, 6, 5), small.images(3)
    batch = small.batch_of(levels)
    logits = decoder.logits(codes)
    expected = []
    for image in range(3):
        total = 0.0
        for y in range(8):
            for x in range(12):
                for colour in range(3):
                    scores = logits[image, y, x, colour].tolist()
                    true = scores[int(levels[image, y, x, colour])]
                    total += math.log(sum(math.exp(score) for score in scores)) - true
        expected.append(total)
    nats, values = decoder.nats(codes, tokens, batch)
    assert nats.tolist() == pytest.approx(expected, rel=1e-5)
    assert values.tolist() == [8 * 12 * 3] * 3
    assert decoder.loss(codes, tokens, batch).item() == pytest.approx(sum(expected) / (3 * 8 * 12 * 3), rel=1e-5)


def test_gradients_are_those_of_torchs_cross_entropy():
    decoder, batch = tiny(), small.batch_of(small.images(3))
    codes = torch.randn(3, 6, 5, requires_grad=True)
    (2 * decoder.loss(codes, tokens, batch)).backward()
    found = [each.grad.clone() for each in (codes, *decoder.parameters())]
    decoder.zero_grad()
    codes.grad = None
    targets = torch.from_numpy(small.images(3))
    loss = torch.nn.functional.cross_entropy(decoder.logits(codes).flatten(0, 3), targets.flatten())
    (2 * loss).backward()
    for one, other in zip(found, (codes, *decoder.parameters()), strict=True):
        torch.testing.assert_close(one, other.grad, rtol=1e-4, atol=1e-6)


def test_a_code_tells_its_patch():
    """Without residual blocks a code reaches its patch and the three pixels around it."""
    decoder, codes = tiny(residual_blocks=0).eval(), torch.zeros(1, 6, 5)
    other = codes.clone()
    other[0, 5] = 1
    changed = (decoder(codes) != decoder(other)).any(3)[0]
    assert changed[4:, 8:].all()
    assert not changed[0].any()
    assert not changed[:, :5].any()


def test_reconstructions_are_the_most_likely_levels_or_the_expected_ones():
    decoder, codes = tiny().eval(), torch.randn(2, 6, 5)
    probabilities = decoder.logits(codes).softmax(4)
    mode, mean = decoder.reconstruct(codes, "mode"), decoder.reconstruct(codes)
    assert mode.shape == mean.shape == (2, 8, 12, 3)
    assert mode.equal(probabilities.argmax(4).float())
    torch.testing.assert_close(mean, (probabilities * torch.arange(256.0)).sum(4))


def test_it_learns_an_image_by_heart():
    decoder, codes = tiny(channels=16), torch.randn(1, 6, 5)
    levels = small.images(1)
    optimiser = torch.optim.Adam(decoder.parameters(), 0.02)
    for _ in range(200):
        optimiser.zero_grad()
        loss = decoder.loss(codes, tokens[:1], small.batch_of(levels))
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.8 < math.log(256)
    assert (decoder.reconstruct(codes, "mode")[0] == torch.from_numpy(levels)[0]).float().mean() > 0.6


def test_an_encoder_of_longer_tokens_is_refused():
    with pytest.raises(ValueError, match="a token a patch, and the encoder has one for 2"):
        ImageDecoder(5, Sizes(48, grid=(2, 3), stride=2), ImageDecoderSettings())
