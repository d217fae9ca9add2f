import numpy as np
import pytest
import torch

from tests.masks import real_frames
from unitdisc.config import BottleneckSettings, KMeansModel, Training, VQModel
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised, Statistics
from unitdisc.models import store
from unitdisc.models.decoders.window import WindowDecoder, jittered
from unitdisc.models.encoders.convolutional import ConvolutionalEncoder
from unitdisc.models.kmeans import KMeans
from unitdisc.models.model import Model
from unitdisc.training.averaging import AveragedModel
from unitdisc.training.batches import Chunks, Utterances

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
    encoder = ConvolutionalEncoder(1, ConvolutionalSettings(channels=4, kernels=(4, 4), strides=(2, 2), residual_layers=0))
    frames = torch.randn(1, 40, 1, requires_grad=True)
    vectors, _ = encoder(frames, torch.ones(1, 40, dtype=torch.bool))
    vectors[0, 5].sum().backward()
    seen = frames.grad[0, :, 0].nonzero().flatten()
    assert seen.float().mean() == 5 * 4 + 1.5


def test_padding_does_not_reach_real_tokens_of_the_lstm():
    encoder = ConvolutionalEncoder(3, ConvolutionalSettings(channels=4, kernels=(1,), strides=(1,), residual_layers=0, lstm=3))
    frames = torch.randn(1, 6, 3)
    alone, _ = encoder(frames, torch.ones(1, 6, dtype=torch.bool))
    padded = torch.cat([frames, torch.full((1, 4, 3), 9.0)], dim=1)
    beside, _ = encoder(padded, real_frames(torch.tensor([6]), 10))
    torch.testing.assert_close(beside[:, :6], alone)


def test_windows_are_cut_around_each_token():
    decoder = WindowDecoder(4, 1, 2, 1, WindowSettings(context=1, speaker_dim=0, channels=2))
    frames = torch.arange(5.0).view(1, 5, 1) + 1
    windows, real = decoder.targets(frames, torch.ones(1, 5, dtype=torch.bool))
    assert windows[0, :, :, 0].tolist() == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 0, 0]]
    assert real[0].tolist() == [[False, True, True, True], [True] * 4, [True, True, False, False]]


def test_an_unknown_speaker_is_the_mean_of_the_known():
    decoder = WindowDecoder(4, 2, 1, 3, WindowSettings(channels=5, layers=1, speaker_dim=3))
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
    model = Model(5, 2, small).eval()
    frames, speaker = torch.randn(2, 8, 5), torch.tensor([0, 1])
    alone = model(frames, torch.ones(2, 8, dtype=torch.bool), speaker)
    padded = torch.cat([frames, torch.zeros(2, 6, 5)], dim=1)
    mask = real_frames(torch.tensor([8, 8]), 14)
    beside = model(padded, mask, speaker)
    torch.testing.assert_close(beside.bottleneck.loss, alone.bottleneck.loss)
    torch.testing.assert_close(beside.task, alone.task)
    different = padded.clone()
    different[:, 8:] = 0
    torch.testing.assert_close(model(different, mask, speaker).total, beside.total)


def test_kmeans_windows_repeat_the_edge_and_average_a_token():
    model = KMeans(1, KMeansModel(codewords=2, context=1, stride=2))
    vectors = model.vectors(torch.tensor([[1.0], [2.0], [3.0]]))
    assert vectors.tolist() == [[1.0, 1.5, 2.5], [2.0, 3.0, 3.0]]


def matrices(lengths, dim=3):
    random = np.random.default_rng(0)
    return Normalised(
        {f"u{n}": random.normal(size=(length, dim)).astype("f4") for n, length in enumerate(lengths)}, by_speaker=None
    )


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


def test_averaged_weights_follow_the_loop():
    model = torch.nn.Linear(2, 1)
    averaged = AveragedModel(model, 0.5)
    expected = model.weight.detach().clone()
    for step in range(1, 6):
        with torch.no_grad():
            model.weight += step
        averaged.update(model)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * model.weight.detach()
    torch.testing.assert_close(averaged.model.weight, expected)


@pytest.mark.parametrize("settings", [small, KMeansModel(codewords=6, context=1)])
def test_a_stored_model_encodes_the_same(tmp_path, settings):
    model = store.build(settings, inputs=5, speakers=2).eval()
    if isinstance(model, KMeans):
        model.codebook.normal_()
    statistics = Statistics(np.arange(5, dtype="f4") / 3, np.ones(5, "f4"))
    store.save(tmp_path, store.Trained(model, settings, SpeechSettings(), 5, ("x", "y"), statistics, 1))
    loaded = store.load(tmp_path)
    frames = torch.randn(33, 5)
    assert torch.equal(loaded.model.encode(frames), model.encode(frames))
    assert (loaded.settings, loaded.features, loaded.speakers) == (settings, SpeechSettings(), ("x", "y"))
    np.testing.assert_array_equal(loaded.statistics.mean, statistics.mean)


def test_a_broken_model_is_refused(tmp_path):
    model = store.build(small, inputs=5, speakers=2)
    store.save(tmp_path, store.Trained(model, small, SpeechSettings(), 5, ("x", "y"), None, 1))
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[:100])
    with pytest.raises(InputError, match=r"model\.safetensors"):
        store.load(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(InputError, match=r"model\.json: does not describe a model"):
        store.load(tmp_path)


def test_kmeans_draws_no_more_tokens_than_it_may():
    from unitdisc.training.fit import _vectors

    frames = matrices([5, 9, 4])
    model = KMeans(3, KMeansModel(codewords=2, context=1, stride=2))
    whole = _vectors(model, frames, most=100, seed=0)
    assert torch.equal(whole, torch.cat([model.vectors(torch.tensor(frames[name])) for name in frames]))
    some = _vectors(model, frames, most=6, seed=0)
    places = [int((whole == row).all(dim=1).nonzero()) for row in some]
    assert len(set(places)) == 6
    assert places == sorted(places)


def test_a_collapsed_codebook_says_so_and_names_the_remedies_that_are_off(tmp_path, caplog):
    from unitdisc.training.loop import Trainer, train

    constant = Normalised({"u": np.ones((64, 3), dtype="f4")}, by_speaker=None)
    settings = VQModel(
        encoder=small.encoder,
        bottleneck=BottleneckSettings(codewords=64, dim=4, batch_norm=False, reestimation=None),
        decoder=small.decoder,
        training=Training(epochs=1, chunk=16, batch=4),
    )
    trainer = Trainer(
        settings, Utterances(constant, {"u": 0}), None, inputs=3, labels=0, seed=0, device=torch.device("cpu")
    )
    train(trainer, tmp_path, digest="x")
    assert "the codebook has collapsed" in caplog.text
    assert "remedies that are off: batch_norm, reestimation" in caplog.text
    assert (tmp_path / "training.tsv").read_text().split("\n")[0].split("\t").index("collapsed") > 0
