"""The mixer with the blocks of the encoder `dilated`."""

import pytest
import torch

from tests.helpers.masks import real_frames
from unitdisc.config import MixerSettings
from unitdisc.models.encoders.dilated import DilatedBlock
from unitdisc.models.mixer import Mixer, PlainBlock


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def mixer(**options):
    return Mixer(3, MixerSettings(channels=8, **options))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_padding_changes_nothing(batch_norm, training):
    mix = mixer(batch_norm=batch_norm)
    for _ in range(2):
        mix(torch.randn(4, 9, 3), torch.ones(4, 9, dtype=torch.bool))
    mix.train(training)
    codes = torch.randn(2, 9, 3)
    alone = mix(codes, torch.ones(2, 9, dtype=torch.bool))
    padded = torch.cat([codes, torch.full((2, 5, 3), 9.0)], dim=1)
    beside = mix(padded, real_frames(torch.tensor([9, 9]), 14))
    torch.testing.assert_close(beside[:, :9], alone)
    assert not beside[:, 9:].any()


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_token_sees_as_far_as_the_dilations_say(batch_norm):
    mix = mixer(dilations=(1, 3), batch_norm=batch_norm).eval()
    codes = torch.randn(1, 30, 3, requires_grad=True)
    mix(codes, torch.ones(1, 30, dtype=torch.bool))[0, 15].square().sum().backward()
    seen = codes.grad[0].abs().sum(1).nonzero().flatten().tolist()
    assert (seen[0], seen[-1]) == (15 - 4, 15 + 4)


def test_dropout_is_that_of_the_blocks_with_batch_norm():
    blocks = mixer(batch_norm=True, dropout=0.3).layers
    assert all(isinstance(block, DilatedBlock) and block.dropout.p == 0.3 for block in blocks)
    assert all(isinstance(block, PlainBlock) for block in mixer().layers)


def test_weights_of_a_plain_mixer_have_the_names_that_they_had():
    names = {"entry.weight", "entry.bias", *(f"layers.{n}.{part}" for n in range(4) for part in ("weight", "bias"))}
    assert mixer().state_dict().keys() == names
