"""The vector-quantised model of the default configuration, its parts, and k-means."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.helpers import pixels as images
from tests.helpers.masks import real_frames
from unitdisc.config import BottleneckSettings, KMeansModel, MixerSettings, Training, VQModel
from unitdisc.models.batch import Batch, Sizes, any_frame
from unitdisc.models.decoders.window import WindowDecoder, WindowSettings, jittered, overlapped
from unitdisc.models.decoding import Decoding, usual
from unitdisc.models.encoders.convolutional import ConvolutionalEncoder, ConvolutionalSettings
from unitdisc.models.kmeans import KMeans
from unitdisc.models.model import Model, fitted_tokens
from unitdisc.models.objectives.ctc import CtcSettings
from unitdisc.models.objectives.prediction import PredictionSettings

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
    encoder = ConvolutionalEncoder(
        Sizes(5), ConvolutionalSettings(channels=4, kernels=kernels, strides=strides, lstm=3)
    )
    vectors, mask = encoder(torch.randn(2, frames, 5), torch.ones(2, frames, dtype=torch.bool))
    assert vectors.shape == (2, -(-frames // encoder.stride), 6)
    assert mask.shape == vectors.shape[:2]


def test_a_token_lies_in_the_middle_of_its_frames():
    encoder = ConvolutionalEncoder(
        Sizes(1), ConvolutionalSettings(channels=4, kernels=(4, 4), strides=(2, 2), residual_layers=0)
    )
    frames = torch.randn(1, 40, 1, requires_grad=True)
    vectors, _ = encoder(frames, torch.ones(1, 40, dtype=torch.bool))
    vectors[0, 5].sum().backward()
    seen = frames.grad[0, :, 0].nonzero().flatten()
    assert seen.float().mean() == 5 * 4 + 1.5


def test_padding_does_not_reach_real_tokens_of_the_lstm():
    encoder = ConvolutionalEncoder(
        Sizes(3), ConvolutionalSettings(channels=4, kernels=(1,), strides=(1,), residual_layers=0, lstm=3)
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


def taken_over(settings, other, **sizes):
    """A model that starts from another, the other, and which of its weights are now those of the other."""
    one = Model(settings, Sizes(5, speakers=2, **sizes))
    from_which = Model(other, Sizes(5, speakers=2, **sizes))
    before = {name: weight.clone() for name, weight in one.state_dict().items()}
    one.start_from(from_which)
    theirs, same, kept = from_which.state_dict(), set(), set()
    for name, weight in one.state_dict().items():
        if name in theirs and weight.equal(theirs[name]):
            same.add(name)
        else:
            assert weight.equal(before[name]), name
            kept.add(name)
    return one, from_which, same, kept


def changed(**parts):
    return small.model_copy(update=parts)


def test_a_model_that_starts_from_one_with_the_same_settings_encodes_the_same():
    one, other, _, kept = taken_over(small, small)
    assert not kept
    frames = torch.randn(20, 5)
    assert one.eval().encode(frames).equal(other.eval().encode(frames))
    next(one.parameters()).data.add_(1)
    assert not next(one.parameters()).equal(next(other.parameters()))  # a copy


def test_weights_that_do_not_fit_are_not_taken_over():
    wider = changed(bottleneck=BottleneckSettings(codewords=9, dim=4), mixer=MixerSettings(channels=6))
    _, _, same, kept = taken_over(wider, small)
    assert {name for name in kept if name.startswith(("encoder.", "bottleneck."))} == {"bottleneck.quantizer.codebook"}
    assert {name for name in kept if name.startswith("mixer.")} >= {"mixer.entry.weight", "mixer.layers.0.weight"}
    assert any(name.startswith("encoder.") for name in same)


@pytest.mark.parametrize("mixer", [None, MixerSettings(channels=6)])
def test_a_model_without_a_projection_quantises_what_the_encoder_puts_out(mixer):
    settings = changed(bottleneck=BottleneckSettings(codewords=6, dim=None), mixer=mixer)
    model = Model(settings, Sizes(5, speakers=2))
    model(batch_of()).total.backward()
    frames = torch.randn(20, 5)
    assert model.eval().vectors(frames).shape == (10, 8)
    assert model.codebook.shape == (6, 8)
    assert model.encode(frames).max() < 6
    assert VQModel.model_validate(settings.model_dump(mode="json")) == settings


prediction = PredictionSettings(clusters=7, channels=8)


@pytest.mark.parametrize(
    ("one", "other", "taken"),
    [
        (prediction, prediction.model_copy(update={"hide": 0.1, "span": 2}), True),
        (prediction, prediction.model_copy(update={"teacher": "t"}), False),
        (prediction, prediction.model_copy(update={"context": 1}), False),
        (prediction, CtcSettings(), False),
        (CtcSettings(weight=3), CtcSettings(), True),
    ],
)
def test_the_objective_is_taken_over_for_the_same_task_alone(one, other, taken):
    _, _, same, kept = taken_over(changed(objective=one), changed(objective=other), labels=3)
    drawn = {name for name in same | kept if name.startswith("objective.") and name.endswith(".weight")}
    drawn -= {"objective.norm.weight"}  # 1 at the start in both
    assert drawn
    assert drawn <= (same if taken else kept)
    assert all(name.startswith("objective.") for name in kept)


def test_clusters_of_longer_tokens_are_another_task():
    plan = {"encoder": small.encoder.model_copy(update={"kernels": (4, 4), "strides": (2, 4)}), "objective": prediction}
    longer = changed(**plan)
    shorter = changed(**plan | {"encoder": plan["encoder"].model_copy(update={"strides": (2, 2)})})
    assert Model(longer, Sizes(5)).stride == 2 * Model(shorter, Sizes(5)).stride
    _, _, same, kept = taken_over(longer, shorter)
    assert "objective.output.weight" in kept
    assert "bottleneck.projection.weight" in same


def batch_of(*, active=None, hidden=None):
    mask = real_frames(torch.tensor([60, 35]), 60)
    return Batch(
        torch.randn(2, 60, 5) * mask.unsqueeze(2), mask, torch.zeros(2, dtype=torch.long), active=active, hidden=hidden
    )


def test_codewords_are_fitted_to_active_tokens_a_tenth_of_the_others_and_none_that_is_hidden():
    batch = batch_of()
    tokens = any_frame(batch.mask, 2)
    assert fitted_tokens(batch, tokens, 2) is tokens
    active, hidden = (batch.mask & (torch.rand(2, 60) < share) for share in (0.2, 0.3))
    of_active, of_hidden = any_frame(active, 2), any_frame(hidden, 2)
    found = fitted_tokens(batch_of(active=active), tokens, 2)
    expected = []
    for row in range(2):
        passed = 0
        for token in range(30):
            passed += not of_active[row, token]
            expected.append(bool(tokens[row, token] and (of_active[row, token] or passed % 10 == 5)))
    assert found.flatten().tolist() == expected
    assert of_active[tokens].sum() < found.sum() < tokens.sum()
    assert fitted_tokens(batch_of(active=active, hidden=hidden), tokens, 2).equal(found & ~of_hidden)
    assert fitted_tokens(batch_of(hidden=hidden), tokens, 2).equal(tokens & ~of_hidden)


@pytest.mark.parametrize("weight", [1.0, 5.0])
def test_the_loss_is_the_weighted_task_and_the_quantiser_s(weight):
    settings = small.model_copy(update={"objective": CtcSettings(weight=weight)})
    labels = torch.arange(60).div(10, rounding_mode="floor").remainder(3).expand(2, 60)
    losses = Model(settings, Sizes(5, labels=3))(replace(batch_of(), labels=labels))
    torch.testing.assert_close(losses.total, weight * losses.task + losses.bottleneck.loss)
    assert min(losses.task, losses.bottleneck.loss) > 0


def test_the_task_moves_the_encoder_straight_through_the_quantiser_and_the_codebook_not_at_all():
    model, batch = Model(small, Sizes(5, speakers=2)).eval(), batch_of()
    vectors = model.bottleneck.project(*model.encoder(batch.frames, batch.mask))
    tokens = any_frame(batch.mask, 2)
    codes = model.bottleneck.quantizer(vectors, tokens).codes.detach().requires_grad_()
    model.objective.loss(codes, tokens, batch).backward()
    weights = list(model.encoder.parameters())
    straight = torch.autograd.grad(vectors, weights, codes.grad)  # as if the codes were the vectors
    model.zero_grad()
    model(batch).task.backward()
    for weight, slope in zip(weights, straight, strict=True):
        torch.testing.assert_close(weight.grad, slope)
    assert model.bottleneck.quantizer.codebook.grad is None


def test_the_loss_of_reconstruction_does_not_depend_on_activity():
    model = Model(small, Sizes(5, speakers=2)).eval()
    batch = batch_of()
    some = model(replace(batch, active=batch.mask & False))
    assert some.total.equal(model(batch).total)
    assert some.fitted.sum() < some.tokens.sum()


def test_decoders_reconstruct_the_frames_before_they_were_changed():
    model = Model(small, Sizes(5, speakers=2)).eval()
    batch = batch_of()
    one = model(batch.changed(batch.frames + 1))
    moved = model(replace(batch, frames=(batch.frames + 1) * batch.mask.unsqueeze(2)))
    torch.testing.assert_close(one.bottleneck.vectors, moved.bottleneck.vectors)
    windows, real = model.objective.decoder.targets(batch.frames, batch.mask)
    guess = model.objective.decoder(one.bottleneck.codes, batch.speaker)
    errors = (guess - windows).square().mean(3)[real & one.tokens.unsqueeze(2)]
    torch.testing.assert_close(one.task, errors.mean())


alone = small.model_copy(update={"bottleneck": None, "mixer": MixerSettings(channels=5, dilations=(1,))})


def test_a_network_without_a_quantiser_passes_the_encoder_on():
    model, frames = Model(alone, Sizes(4, speakers=2)).eval(), torch.randn(11, 4)
    stages = model.stages(frames)
    assert list(stages) == list(model.stage_names) == ["features", "encoder"]
    assert torch.equal(stages["encoder"], model.vectors(frames))
    assert stages["encoder"].shape == (6, 8)
    assert model.mixer.outputs == 5
    assert Model(small, Sizes(4)).stage_names == ("features", "encoder", "codes")


@pytest.mark.parametrize(
    "ask",
    [
        lambda model, frames: model.codebook,
        lambda model, frames: model.encode(frames),
        lambda model, frames: model.encode_batch([frames, frames]),
    ],
)
def test_a_network_without_a_quantiser_has_no_units(ask):
    with pytest.raises(ValueError, match="without a quantiser has no units"):
        ask(Model(alone, Sizes(4)), torch.randn(11, 4))


def test_its_loss_is_that_of_the_task_alone():
    frames, mask = torch.randn(2, 12, 4), real_frames(torch.tensor([12, 8]), 12)
    model = Model(alone, Sizes(4, speakers=2))
    losses = model(Batch(frames, mask, torch.tensor([0, 1])))
    assert torch.equal(losses.total, losses.task)
    losses.total.backward()
    assert all(weight.grad is not None for weight in model.encoder.parameters())


@pytest.mark.parametrize(("stride", "context"), [(1, 0), (1, 2), (3, 0), (3, 1)])
def test_kmeans_reconstructs_the_middle_of_its_centroids(stride, context):
    model = KMeans(KMeansModel(codewords=5, stride=stride, context=context), Sizes(4))
    utterance, frames = torch.randn(5 * stride, 4), torch.randn(7, 4)
    model.codebook.copy_(model.vectors(utterance))
    means = utterance.view(5, stride, 4).mean(1)  # what the middle of each centroid is
    found, units = model.reconstruct(frames), model.encode(frames)
    assert model.reconstructs
    assert found.shape == frames.shape
    for frame, row in enumerate(found):
        torch.testing.assert_close(row, means[units[frame // stride]])
    assert model.reconstruct_units(units)[:7].equal(found)
    torch.testing.assert_close(model.reconstruct(utterance, quantise=False), means.repeat_interleave(stride, 0))


def test_a_model_of_images_reconstructs_what_its_decoder_makes_of_the_codes():
    model = Model(images.model(), images.sizes).eval()
    frames = torch.from_numpy(images.patches_of(images.images(1)))
    tokens = torch.ones(1, 6, dtype=torch.bool)
    with torch.no_grad():
        codes = model.bottleneck(model.encoder(frames, tokens)[0], tokens).codes
    levels = model.objective.decoder.reconstruct(codes)[0]
    assert model.reconstructs
    found = model.reconstruct(frames[0]).numpy()
    np.testing.assert_allclose(found, images.patches_of(levels.numpy()[None])[0], atol=1e-5)


@pytest.mark.parametrize("objective", [CtcSettings(), PredictionSettings()])
def test_other_objectives_reconstruct_nothing(objective):
    model = Model(small.model_copy(update={"objective": objective}), Sizes(5, labels=3))
    assert not model.reconstructs
    with pytest.raises(ValueError, match="reconstructs no frames"):
        model.reconstruct(torch.randn(8, 5))
    with pytest.raises(ValueError, match="reconstructs no frames"):
        model.reconstruct_units(torch.tensor([1, 2]))


@pytest.mark.parametrize("mixer", [None, MixerSettings(channels=4, dilations=(1,))])
@pytest.mark.parametrize("codebooks", [1, 2])
@pytest.mark.parametrize("frames", [1, 7, 8])
def test_units_alone_reconstruct_what_their_utterance_does(mixer, codebooks, frames):
    bottleneck = BottleneckSettings(codewords=6, dim=4, codebooks=codebooks)
    model = Model(small.model_copy(update={"bottleneck": bottleneck, "mixer": mixer}), Sizes(5, speakers=2)).eval()
    utterance = torch.randn(frames, 5)
    units = model.encode(utterance)
    for how in (usual, Decoding(1)):
        found = model.reconstruct_units(units, how)
        assert found.shape == (2 * len(units), 5)
        assert found[:frames].equal(model.reconstruct(utterance, how))
    assert model.by_speaker
    assert not model.reconstruct(utterance, quantise=False).equal(model.reconstruct(utterance))


@pytest.mark.parametrize(("stride", "context"), [(1, 0), (1, 2), (2, 3), (3, 1), (3, 0)])
@pytest.mark.parametrize("tokens", [1, 2, 5])
def test_overlapped_windows_are_averaged_as_in_the_loop(stride, context, tokens):
    windows = torch.randn(2, tokens, stride + 2 * context, 3)
    found = overlapped(windows, stride, context)
    assert found.shape == (2, tokens * stride, 3)
    for frame in range(tokens * stride):
        seen = [
            windows[:, token, place]
            for token in range(tokens)
            for place in range(stride + 2 * context)
            if token * stride - context + place == frame
        ]
        torch.testing.assert_close(found[:, frame], torch.stack(seen).mean(0))
