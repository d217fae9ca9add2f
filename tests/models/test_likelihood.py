"""The likelihood of whole utterances: what a decoder states, and how utterances are read together."""

from math import log

import numpy as np
import pytest
import torch

from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.features.normalise import Normalised
from unitdisc.models import likelihood
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.pixelcnn import PixelCNN, PixelCNNSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.model import Model

settings = VQModel(
    encoder=ConvolutionalSettings(channels=8, kernels=(4,), strides=(4,), residual_layers=1),
    bottleneck=BottleneckSettings(codewords=8, dim=4),
    decoder=PixelCNNSettings(channels=4, layers=2, first_kernel=3),
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Model(settings, Sizes(6)).eval()


def lines(lengths):
    draw = np.random.default_rng(0)
    return Normalised({f"u{n}": draw.random((length, 6), dtype=np.float32) for n, length in enumerate(lengths)})


def test_the_nats_of_a_pixelcnn_are_those_of_every_pixel():
    torch.manual_seed(0)
    decoder = PixelCNN(4, Sizes(6, stride=4), settings.decoder)
    mask = torch.ones(2, 10, dtype=torch.bool)
    mask[1, 7:] = False
    batch = Batch(torch.rand(2, 10, 6) * mask.unsqueeze(2), mask, torch.zeros(2, dtype=torch.long))
    codes, tokens = torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.bool)
    with torch.no_grad():
        shares = decoder(codes, batch.clean).double().softmax(1)
        nats, values = decoder.nats(codes, tokens, batch)
        loss = decoder.loss(codes, tokens, batch)
    for row, columns in enumerate((10, 7)):
        slow = 0.0
        for column in range(columns):
            for pixel in range(6):
                level = round(float(batch.frames[row, column, pixel]) * 3)
                slow -= log(float(shares[row, level, pixel, column]))
        assert float(nats[row]) == pytest.approx(slow, rel=1e-5)
    assert values.tolist() == [60, 42]
    assert float(nats.sum() / values.sum()) == pytest.approx(float(loss), rel=1e-6)


def test_a_decoder_that_finds_all_levels_as_likely_has_two_bits_a_pixel(model):
    torch.nn.init.zeros_(model.objective.decoder.output[-1].weight)
    torch.nn.init.zeros_(model.objective.decoder.output[-1].bias)
    (found,) = likelihood.likelihoods(model, lines([20]), title="test")
    assert (found.values, len(found.units)) == (120, 5)
    assert found.nats == pytest.approx(120 * log(4), rel=1e-6)
    assert model.nats_of_token == log(8)


def test_an_utterance_is_the_same_alone_and_with_others(model, monkeypatch):
    matrices = lines([12, 12, 12, 9, 12, 0, 12])
    together = list(likelihood.likelihoods(model, matrices, title="test"))
    sizes = [len(names) for names, _ in likelihood.whole_utterances(matrices, list(matrices))]
    assert sizes == [3, 1, 2]
    monkeypatch.setattr(likelihood, "most_values", 2 * 12 * 6)
    assert [len(names) for names, _ in likelihood.whole_utterances(matrices, list(matrices))] == [2, 1, 1, 2]
    monkeypatch.setattr(likelihood, "most_values", 1)
    alone = list(likelihood.likelihoods(model, matrices, title="test"))
    assert [each.utterance for each in together] == ["u0", "u1", "u2", "u3", "u4", "u6"]
    for one, other in zip(together, alone, strict=True):
        assert (one.utterance, one.values) == (other.utterance, other.values)
        assert one.nats == pytest.approx(other.nats, rel=1e-5)
        assert (one.units == other.units).all()
        assert (one.units == model.encode(torch.tensor(matrices[one.utterance])).numpy()).all()


def test_a_model_without_a_likelihood_says_so():
    other = settings.model_copy(update={"decoder": VQModel().decoder})
    assert (settings.likelihood, other.likelihood, VQModel(objective="ctc").likelihood) == (True, False, False)
    with pytest.raises(ValueError, match="decoder window states no likelihood"):
        list(likelihood.likelihoods(Model(other, Sizes(6)).eval(), lines([12]), title="test"))
    ctc = Model(VQModel(encoder=settings.encoder, objective="ctc"), Sizes(6, labels=3)).eval()
    with pytest.raises(ValueError, match="objective ctc states no likelihood"):
        list(likelihood.likelihoods(ctc, lines([12]), title="test"))
