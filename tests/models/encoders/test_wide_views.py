"""The encoders that see far, `dilated` and `transformer`: lengths, padding, neighbours, and how far a token sees."""

import pytest
import torch

from tests.helpers.masks import real_frames
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.dilated import DilatedEncoder, DilatedSettings
from unitdisc.models.encoders.transformer import TransformerEncoder, TransformerSettings

columns = 8


def dilated(**options):
    return DilatedEncoder(
        Sizes(columns), DilatedSettings(channels=12, **({"dilations": (1, 2), "dropout": 0.1} | options))
    )


def with_planes():
    return dilated(planes=(2, 3), kernel=3, stride=1, dilations=(1,))


def with_skip():
    return dilated(skip=1)


def transformer(**options):
    settings = {"channels": 12, "depth": 2, "heads": 3, "feedforward": 20, "positions": 5} | options
    return TransformerEncoder(Sizes(columns), TransformerSettings(**settings))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


makers = [dilated, with_planes, with_skip, transformer]
encoders = pytest.mark.parametrize("make", makers)


def trained(make, **options):
    """An encoder in evaluation whose batch norms have seen something."""
    encoder = make(**options)
    for _ in range(3):
        encoder(torch.randn(4, 20, columns), torch.ones(4, 20, dtype=torch.bool))
    return encoder.eval()


@encoders
@pytest.mark.parametrize("frames", [1, 2, 5, 12, 13])
def test_tokens_are_frames_over_the_stride_rounded_up(make, frames):
    encoder = make().eval()
    vectors, mask = encoder(torch.randn(2, frames, columns), torch.ones(2, frames, dtype=torch.bool))
    assert vectors.shape == (2, -(-frames // encoder.stride), encoder.outputs)
    assert mask.shape == vectors.shape[:2]
    assert mask.all()


@pytest.mark.parametrize("make", [dilated, transformer])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (5, 1), (2, 2), (6, 2), (3, 3), (8, 4)])
@pytest.mark.parametrize("frames", [3, 8])
def test_any_kernel_and_stride_give_so_many_tokens(make, kernel, stride, frames):
    encoder = make(kernel=kernel, stride=stride).eval()
    vectors, _ = encoder(torch.randn(1, frames, columns), torch.ones(1, frames, dtype=torch.bool))
    assert vectors.shape[1] == -(-frames // stride)


@encoders
@pytest.mark.parametrize("length", [4, 7, 11])
@pytest.mark.parametrize("gradient", [True, False])
def test_padding_and_neighbours_change_nothing_in_evaluation(make, length, gradient):
    encoder = trained(make)
    tokens = -(-length // encoder.stride)
    frames = torch.randn(3, 16, columns)
    mask = real_frames(torch.tensor([16, length, 1]), 16)
    with torch.set_grad_enabled(gradient):
        alone, _ = encoder(frames[1:2, :length], mask[1:2, :length])
        beside, real = encoder(frames, mask)  # what stands in the padding is not zero
    torch.testing.assert_close(beside[1, :tokens], alone[0], rtol=1e-4, atol=1e-5)
    assert real[1].tolist() == [True] * tokens + [False] * (real.shape[1] - tokens)
    assert not beside[~real].any()
    assert beside.isfinite().all()


@encoders
def test_padding_changes_nothing_in_training_either(make):
    encoder = make().train()
    for part in encoder.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
        if isinstance(part, torch.nn.MultiheadAttention):
            part.dropout = 0.0
    frames, short = torch.randn(2, 8, columns), torch.ones(2, 8, dtype=torch.bool)
    alone, _ = encoder(frames, short)
    padded = torch.cat([frames, torch.full((2, 6, columns), 7.0)], dim=1)
    beside, _ = encoder(padded, real_frames(torch.tensor([8, 8]), 14))
    torch.testing.assert_close(beside[:, : alone.shape[1]], alone, rtol=1e-4, atol=1e-5)


@encoders
def test_a_row_of_padding_alone_is_zero_and_has_finite_gradients(make):
    encoder = make()
    frames = torch.randn(2, 8, columns, requires_grad=True)
    vectors, mask = encoder(frames, real_frames(torch.tensor([8, 0]), 8))
    assert not vectors[1].any()
    assert not mask[1].any()
    vectors.square().sum().backward()
    assert frames.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters() if parameter.grad is not None)


def seen_by(encoder, token, layer=-1, frames=80):
    """The frames on which a token of a layer depends."""
    inputs = torch.randn(1, frames, columns, requires_grad=True)
    layers, _ = encoder.layers(inputs, torch.ones(1, frames, dtype=torch.bool))
    layers[layer][0, token].square().sum().backward()
    return inputs.grad[0].abs().sum(1).nonzero().flatten().tolist()


@pytest.mark.parametrize(("kernel", "stride"), [(6, 2), (4, 4), (5, 1), (9, 3)])
@pytest.mark.parametrize("dilations", [(), (1,), (2, 1), (1, 3)])
def test_a_token_sees_as_far_as_the_dilations_say(kernel, stride, dilations):
    encoder = trained(dilated, kernel=kernel, stride=stride, dilations=dilations)
    token, margin = 40 // stride, (kernel - stride) // 2
    for blocks in range(len(dilations) + 1):
        reach = sum(dilations[:blocks])
        seen = seen_by(encoder, token, layer=blocks)
        first, last = (token - reach) * stride - margin, (token + reach + 1) * stride + margin
        assert (seen[0], seen[-1]) == (first, last - 1)
        assert sum(seen) / len(seen) == token * stride + (stride - 1) / 2  # in the middle


def test_planes_see_a_frame_more_on_either_side_each():
    encoder = trained(with_planes)
    assert seen_by(encoder, 40, layer=0) == list(range(40 - 3, 40 + 4))
    assert seen_by(encoder, 40, layer=1) == list(range(40 - 4, 40 + 5))


def test_a_token_of_a_transformer_sees_the_whole_chunk_from_the_second_layer_on():
    encoder = trained(transformer)
    assert seen_by(encoder, 20, layer=0) == list(range(36 - 2, 46 + 2))
    for layer in (1, 2):
        assert seen_by(encoder, 20, layer=layer) == list(range(80))


@encoders
def test_the_last_of_the_layers_is_the_output(make):
    encoder = trained(make)
    frames, mask = torch.randn(2, 9, columns), real_frames(torch.tensor([9, 6]), 9)
    vectors, tokens = encoder(frames, mask)
    layers, same = encoder.layers(frames, mask)
    skips = make is with_skip  # whose last layer has frames beside the block before
    assert len(layers) == 1 + len(encoder.blocks) + skips
    assert layers[-1].equal(vectors)
    assert same.equal(tokens)
    assert len({layer.shape for layer in layers}) == 1 + skips
    assert not any(layer[~tokens].any() for layer in layers)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"kind": "dilated", "kernel": 5, "stride": 2}, "kernel 5 with stride 2: both odd or both even"),
        ({"kind": "dilated", "kernel": 2, "stride": 4}, "the kernel not smaller"),
        ({"kind": "dilated", "dilations": [1, 0]}, "models.m.encoder.dilations.1 is 0"),
        ({"kind": "dilated", "planes": [0]}, "models.m.encoder.planes.0 is 0"),
        ({"kind": "dilated", "dropout": 1}, "models.m.encoder.dropout is 1"),
        ({"kind": "transformer", "kernel": 5, "stride": 2}, "kernel 5 with stride 2: both odd or both even"),
        ({"kind": "transformer", "channels": 10, "heads": 4}, "10 channels cannot be shared evenly by 4 heads"),
        ({"kind": "transformer", "positions": 30}, "positions 30 is even"),
        ({"kind": "transformer", "layers": 3}, "unknown key models.m.encoder.layers"),
    ],
)
def test_wrong_settings_are_one_line(encoder, message):
    with pytest.raises(InputError) as error:
        check_config({"corpora": {}, "models": {"m": {"kind": "vq", "encoder": encoder}}})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_columns_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match=r"12 columns cannot be halved 3 times \(encoder.planes\)"):
        DilatedEncoder(Sizes(12), DilatedSettings(planes=(2, 2, 2)))
    assert DilatedEncoder(Sizes(24), DilatedSettings(planes=(2, 2, 2), channels=4)).entry.in_channels == 2 * 3


def test_beside_the_last_block_are_the_mean_frames_of_the_token_and_its_neighbours():
    plain, skipping = trained(dilated), trained(dilated, skip=1)
    skipping.load_state_dict(plain.state_dict())  # a skip has no weights of its own
    frames = torch.randn(1, 7, columns)
    mask = torch.ones(1, 7, dtype=torch.bool)
    vectors = skipping(frames, mask)[0][0]
    torch.testing.assert_close(vectors[:, :12], plain(frames, mask)[0][0])
    means = [frames[0, start : start + 2].mean(dim=0) for start in range(0, 7, 2)]
    means = [torch.zeros(columns), *means, torch.zeros(columns)]
    for token in range(4):
        beside = vectors[token, 12:].view(columns, 3)  # of each column, the tokens before, at and after
        torch.testing.assert_close(beside, torch.stack(means[token : token + 3], dim=1))
