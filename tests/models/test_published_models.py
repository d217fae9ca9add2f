"""The encoders, decoder and recogniser of the two published set-ups."""

import itertools

import pytest
import torch

from tests.helpers.masks import real_frames
from tests.reference import ctc_loss
from unitdisc.config import MixerSettings, Plateau, VQModel
from unitdisc.config.load import read_config
from unitdisc.models import mixer
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders import pixelcnn
from unitdisc.models.decoders.pixelcnn import PixelCNNSettings
from unitdisc.models.encoders import line_image, spectrogram
from unitdisc.models.encoders.line_image import LineImageSettings
from unitdisc.models.encoders.spectrogram import SpectrogramSettings
from unitdisc.models.model import Model
from unitdisc.models.objectives import ctc
from unitdisc.models.objectives.ctc import CtcSettings


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small_spectrograms():
    return spectrogram.SpectrogramEncoder(Sizes(15), SpectrogramSettings(maps=2, lstm=5, layers=3))


def small_lines():
    return line_image.LineImageEncoder(Sizes(32), LineImageSettings(maps=(2, 3, 3, 3, 4, 4, 4), lstm=3))


encoders = pytest.mark.parametrize("make", [small_spectrograms, small_lines])
inputs = {small_spectrograms: 15, small_lines: 32}


def test_parameter_counts_of_the_published_encoders():
    wsj = read_config("workflow/configs/wsj.yaml").models["robust"]
    written = read_config("workflow/configs/scribblelens.yaml").models["robust"]
    assert parameters(Model(wsj, Sizes(243, labels=42)).encoder) == pytest.approx(9.15e6, rel=0.01)
    assert parameters(Model(written, Sizes(32)).encoder) == pytest.approx(6.37e6, rel=0.01)


@encoders
@pytest.mark.parametrize("frames", [1, 5, 12, 13])
def test_tokens_are_frames_over_the_stride_rounded_up(make, frames):
    encoder = make()
    vectors, mask = encoder(torch.randn(2, frames, inputs[make]), torch.ones(2, frames, dtype=torch.bool))
    assert vectors.shape == (2, -(-frames // encoder.stride), encoder.outputs)
    assert mask.shape == vectors.shape[:2]
    assert mask.all()


@encoders
@pytest.mark.parametrize("training", [True, False])
def test_padding_reaches_no_real_token(make, training):
    encoder = make().train(training)
    length = 2 * encoder.stride
    frames = torch.randn(2, length, inputs[make])
    alone, _ = encoder(frames, torch.ones(2, length, dtype=torch.bool))
    padded = torch.cat([frames, torch.zeros(2, 12, inputs[make])], dim=1)
    beside, mask = encoder(padded, real_frames(torch.tensor([length, length]), length + 12))
    torch.testing.assert_close(beside[:, :2], alone)
    assert mask.sum(1).tolist() == [2, 2]


def test_a_token_of_a_spectrogram_lies_in_the_middle_of_its_frames():
    encoder = small_spectrograms().eval()
    frames = torch.randn(1, 30, 15, requires_grad=True)
    x, mask = encoder.first(frames.view(1, 30, 3, 5).transpose(1, 2), torch.ones(1, 30, dtype=torch.bool))
    encoder.second(x, mask)[0][0, :, 5].sum().backward()
    seen = frames.grad[0].abs().sum(1).nonzero().flatten()
    assert seen.float().mean() == 5 * 3 + 1


def test_a_token_of_a_line_lies_in_its_columns():
    encoder = small_lines().eval()
    columns = torch.randn(1, 64, 32, requires_grad=True)
    x, mask = columns.unsqueeze(1), torch.ones(1, 64, dtype=torch.bool)
    for convolution in encoder.convolutions:
        x, mask = convolution(x, mask)
    assert x.shape == (1, 4, 32, 1)
    x[0, :, 16].sum().backward()
    seen = columns.grad[0].abs().sum(1).nonzero().flatten()
    assert 32 <= seen.float().mean() < 34


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="cannot be shared evenly by 3 planes"):
        spectrogram.SpectrogramEncoder(Sizes(16), SpectrogramSettings())
    with pytest.raises(ValueError, match="height 32"):
        line_image.LineImageEncoder(Sizes(31), LineImageSettings())


def test_the_mixer_sees_neighbours_and_no_padding():
    mix = mixer.Mixer(3, MixerSettings(channels=4))
    codes = torch.randn(1, 20, 3, requires_grad=True)
    tokens = real_frames(torch.tensor([12]), 20)
    mixed = mix(codes, tokens)
    assert (mixed[0, 12:] == 0).all()
    mixed[0, 8].sum().backward()
    assert codes.grad[0].abs().sum(1).nonzero().flatten().tolist() == list(range(3, 12))


class TestPixelCNN:
    def decoder(self, layers=3, channels=4):
        return pixelcnn.PixelCNN(
            3, Sizes(0, stride=4), PixelCNNSettings(channels=channels, layers=layers, first_kernel=5, kernel=3)
        )

    def test_a_pixel_knows_exactly_those_before_it(self):
        """Flip one pixel after another: only pixels below it and in later columns may change, and they all may."""
        decoder, codes = self.decoder(layers=7).double(), torch.randn(1, 2, 3).double()
        columns = torch.rand(1, 8, 6).double()
        before = decoder(codes, columns)
        reached = torch.zeros(8, 6, 8, 6, dtype=torch.bool)  # (changed column, row) → (column, row)
        for column, row in itertools.product(range(8), range(6)):
            changed = columns.clone()
            changed[0, column, row] = (changed[0, column, row] + 0.5) % 1
            reached[column, row] = (decoder(codes, changed) != before).any(1)[0].t()
        order = torch.arange(48).view(8, 6)
        later = order.view(8, 6, 1, 1) < order
        assert not (reached & ~later).any()
        assert (reached == later).all()  # no blind spot

    def test_its_loss_is_the_cross_entropy_of_real_columns(self):
        decoder, codes, columns = self.decoder(), torch.randn(2, 2, 3), torch.rand(2, 7, 6)
        mask, tokens = real_frames(torch.tensor([7, 3]), 7), real_frames(torch.tensor([2, 1]), 2)
        nobody = torch.full((2,), -1)
        found = decoder.loss(codes, tokens, Batch(columns, mask, nobody))
        logits = decoder(codes, columns).log_softmax(1)
        levels = (columns * 3).round().long()
        total = [
            -logits[b, levels[b, t, h], h, t]
            for b, t, h in itertools.product(range(2), range(7), range(6))
            if mask[b, t]
        ]
        torch.testing.assert_close(found, torch.stack(total).mean())

    def test_every_code_tells_its_columns(self):
        decoder, codes = self.decoder(), torch.randn(1, 2, 3, requires_grad=True)
        decoder(codes, torch.rand(1, 8, 6))[..., :4].sum().backward()
        assert codes.grad[0, 0].abs().sum() > 0
        assert codes.grad[0, 1].abs().sum() == 0

    def test_it_learns_what_it_is_shown(self):
        decoder, codes = self.decoder(channels=16), torch.zeros(1, 2, 3)
        columns = (torch.arange(8).view(1, 8, 1) % 4 / 3).expand(1, 8, 6)
        batch = Batch(columns, torch.ones(1, 8, dtype=torch.bool), torch.zeros(1, dtype=torch.long))
        optimiser = torch.optim.Adam(decoder.parameters(), 0.01)
        for _ in range(150):
            optimiser.zero_grad()
            loss = decoder.loss(codes, torch.ones(1, 2, dtype=torch.bool), batch)
            loss.backward()
            optimiser.step()
        assert loss.item() < 0.1


class TestRecogniser:
    def test_labels_are_collapsed(self):
        frames = torch.tensor([[2, 2, 1, -1, 1, 1], [-1, -1, -1, -1, -1, -1], [0, 0, 3, 3, 0, 3]])
        targets, lengths = ctc.collapsed(frames)
        assert lengths.tolist() == [3, 0, 4]
        assert targets.tolist() == [[2, 1, 1, 0], [0, 0, 0, 0], [0, 3, 0, 3]]

    def test_its_loss_is_that_of_all_paths(self):
        """Against an oracle that adds up every path of classes that collapses to the labels."""
        model = ctc.Recogniser(4, 2).double()
        codes = torch.randn(3, 5, 4).double()
        tokens = real_frames(torch.tensor([5, 4, 5]), 5)
        labels = torch.tensor([[0, 0, 1, 1, 0], [1, 1, 1, -1, 1], [0, 1, -2, 1, 0]])
        probabilities = model(codes).softmax(2)
        expected = [
            ctc_loss(probabilities[0, :5].tolist(), [1, 2, 1]) / 3,
            ctc_loss(probabilities[1, :4].tolist(), [2, 2]) / 2,
        ]  # the third chunk holds a frame whose label is not known
        assert model.loss(codes, tokens, labels).item() == pytest.approx(sum(expected) / 2, rel=1e-5)

    def test_too_many_labels_for_the_tokens_count_as_nothing(self):
        model = ctc.Recogniser(4, 3)
        codes = torch.randn(1, 2, 4, requires_grad=True)
        loss = model.loss(codes, torch.ones(1, 2, dtype=torch.bool), torch.tensor([[0, 1, 2, 0]]))
        loss.backward()
        assert loss == 0
        assert codes.grad.isfinite().all()

    def test_a_model_learns_to_recognise(self):
        settings = VQModel(objective=CtcSettings(weight=5), mixer=MixerSettings(channels=8))
        settings = settings.model_copy(
            update={
                "encoder": settings.encoder.model_copy(update={"channels": 16}),
                "bottleneck": settings.bottleneck.model_copy(update={"codewords": 8, "dim": 4}),
            }
        )
        model = Model(settings, Sizes(3, labels=3))
        labels = torch.tensor([[0] * 8 + [1] * 8 + [2] * 8])
        frames = torch.nn.functional.one_hot(labels, 3).float()
        mask, speaker = torch.ones_like(labels, dtype=torch.bool), torch.zeros(1, dtype=torch.long)
        optimiser = torch.optim.Adam(model.parameters(), 0.01)
        for _ in range(150):
            optimiser.zero_grad()
            model(Batch(frames, mask, speaker, labels)).total.backward()
            optimiser.step()
        classes = model.eval().predict(frames[0])
        assert classes.unique_consecutive()[classes.unique_consecutive() > 0].tolist() == [1, 2, 3]

    def test_without_labels_there_is_nothing_to_learn(self):
        model = Model(VQModel(objective=CtcSettings()), Sizes(3, labels=2))
        with pytest.raises(ValueError, match="labels"):
            model(Batch(torch.randn(1, 4, 3), torch.ones(1, 4, dtype=torch.bool), torch.zeros(1, dtype=torch.long)))
        with pytest.raises(ValueError, match="recognises no labels"):
            Model(VQModel(), Sizes(3)).predict(torch.randn(4, 3))


def test_kinds_may_be_written_short():
    settings = VQModel.model_validate(
        {"decoder": "pixelcnn", "encoder": {"kernels": [3], "strides": [1]}, "training": {"schedule": "plateau"}}
    )
    assert settings.decoder == PixelCNNSettings()
    assert VQModel.model_validate({"objective": "ctc"}).objective == CtcSettings()
    assert settings.encoder.kind == "convolutional"
    assert settings.training.schedule == Plateau()
    assert VQModel.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize("quantise", [True, False])
@pytest.mark.parametrize(
    ("encoder", "objective", "decoder", "width"),
    [
        ({"kind": "spectrogram", "maps": 4, "lstm": 8}, "ctc", "window", 24),
        ({"kind": "line-image", "maps": [4] * 7}, "reconstruction", {"kind": "pixelcnn", "channels": 8}, 32),
        ({"channels": 8, "lstm": 8}, "reconstruction", {"kind": "window", "speaker_dim": 0}, 20),
    ],
)
def test_in_narrow_floats_too_every_parameter_has_a_gradient(encoder, objective, decoder, width, quantise):
    """Several processes wait for all of them, in the warm-up as well."""
    settings = VQModel.model_validate(
        {"encoder": encoder, "objective": objective, "decoder": decoder, "mixer": {"channels": 16},
         "bottleneck": {"codewords": 16, "dim": 8}}
    )  # fmt: skip
    model = Model(settings, Sizes(width, speakers=2, labels=5))
    mask = real_frames(torch.tensor([24, 13]), 24)
    labels = (torch.arange(24) // 4 % 5).expand(2, 24).contiguous()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        batch = Batch(torch.rand(2, 24, width), mask, torch.zeros(2, dtype=torch.long), labels)
        losses = model(batch, quantise=quantise)
    assert losses.total.dtype == torch.float32
    losses.total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
