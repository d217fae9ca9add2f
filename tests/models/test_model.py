"""The vector-quantised model of the default configuration, its parts, and k-means."""

import pytest
import torch

from tests.helpers.masks import real_frames
from unitdisc.config import BottleneckSettings, KMeansModel, Training, VQModel
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.window import WindowDecoder, WindowSettings, jittered
from unitdisc.models.encoders.convolutional import ConvolutionalEncoder, ConvolutionalSettings
from unitdisc.models.kmeans import KMeans
from unitdisc.models.model import Model

small = VQModel(
    encoder=ConvolutionalSettings(channels=8, kernels=(3, 4), strides=(1, 2), residual_layers=1),
    bottleneck=BottleneckSettings(codewords=6, dim=4),
    decoder=WindowSettings(channels=8, layers=1, speaker_dim=3, context=2),
    training=Training(),
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("kernels", "strides"), [((3,), (1,)), ((4,), (2,)), ((5, 4, 3), (1, 2, 3)), ((6, 6), (2, 2))])
@pytest.mark.parametrize("frames", [1, 2, 11, 12])
def test_tokens_are_frames_over_the_stride_rounded_up(kernels, strides, frames):
    encoder = ConvolutionalEncoder(5, ConvolutionalSettings(channels=4, kernels=kernels, strides=strides, lstm=3))
    vectors, mask = encoder(torch.randn(2, frames, 5), torch.ones(2, frames, dtype=torch.bool))
    assert vectors.shape == (2, -(-frames // encoder.stride), 6)
    assert mask.shape == vectors.shape[:2]


def test_a_token_lies_in_the_middle_of_its_frames():
    encoder = ConvolutionalEncoder(
        1, ConvolutionalSettings(channels=4, kernels=(4, 4), strides=(2, 2), residual_layers=0)
    )
    frames = torch.randn(1, 40, 1, requires_grad=True)
    vectors, _ = encoder(frames, torch.ones(1, 40, dtype=torch.bool))
    vectors[0, 5].sum().backward()
    seen = frames.grad[0, :, 0].nonzero().flatten()
    assert seen.float().mean() == 5 * 4 + 1.5


def test_padding_does_not_reach_real_tokens_of_the_lstm():
    encoder = ConvolutionalEncoder(
        3, ConvolutionalSettings(channels=4, kernels=(1,), strides=(1,), residual_layers=0, lstm=3)
    )
    frames = torch.randn(1, 6, 3)
    alone, _ = encoder(frames, torch.ones(1, 6, dtype=torch.bool))
    padded = torch.cat([frames, torch.full((1, 4, 3), 9.0)], dim=1)
    beside, _ = encoder(padded, real_frames(torch.tensor([6]), 10))
    torch.testing.assert_close(beside[:, :6], alone)


def test_windows_are_cut_around_each_token():
    decoder = WindowDecoder(4, Sizes(1, stride=2), WindowSettings(context=1, speaker_dim=0, channels=2))
    frames = torch.arange(5.0).view(1, 5, 1) + 1
    windows, real = decoder.targets(frames, torch.ones(1, 5, dtype=torch.bool))
    assert windows[0, :, :, 0].tolist() == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 0, 0]]
    assert real[0].tolist() == [[False, True, True, True], [True] * 4, [True, True, False, False]]


def test_an_unknown_speaker_is_the_mean_of_the_known():
    decoder = WindowDecoder(4, Sizes(2, speakers=3), WindowSettings(channels=5, layers=1, speaker_dim=3))
    codes = torch.randn(1, 7, 4)
    unknown = decoder(codes, torch.tensor([-1]))
    with torch.no_grad():
        decoder.speakers.weight.copy_(decoder.speakers.weight.mean(dim=0).expand(3, -1).clone())
    torch.testing.assert_close(decoder(codes, torch.tensor([1])), unknown)


def test_jitter_takes_neighbours_and_nothing_else():
    codes = torch.arange(1000.0).view(1, 1000, 1)
    moved = (jittered(codes, 0.2) - codes).flatten()
    assert set(moved.tolist()) <= {-1.0, 0.0, 1.0}
    assert 0.14 < (moved != 0).float().mean() < 0.26


def test_padded_frames_change_no_loss():
    model = Model(small, Sizes(5, speakers=2)).eval()
    frames, speaker = torch.randn(2, 8, 5), torch.tensor([0, 1])
    alone = model(Batch(frames, torch.ones(2, 8, dtype=torch.bool), speaker))
    padded = torch.cat([frames, torch.zeros(2, 6, 5)], dim=1)
    mask = real_frames(torch.tensor([8, 8]), 14)
    beside = model(Batch(padded, mask, speaker))
    torch.testing.assert_close(beside.bottleneck.loss, alone.bottleneck.loss)
    torch.testing.assert_close(beside.task, alone.task)
    different = padded.clone()
    different[:, 8:] = 0
    torch.testing.assert_close(model(Batch(different, mask, speaker)).total, beside.total)


def test_kmeans_windows_repeat_the_edge_and_average_a_token():
    model = KMeans(KMeansModel(codewords=2, context=1, stride=2), Sizes(1))
    vectors = model.vectors(torch.tensor([[1.0], [2.0], [3.0]]))
    assert vectors.tolist() == [[1.0, 1.5, 2.5], [2.0, 3.0, 3.0]]
