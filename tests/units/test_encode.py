"""Units of matrices one by one and in batches, as a GPU has them."""

import numpy as np
import pytest
import torch

from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.features.normalise import Normalised
from unitdisc.features.speech import SpeechSettings
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.encoders.dilated import DilatedSettings
from unitdisc.units.encode import batches, encode_matrices, in_batches

encoders = [ConvolutionalSettings(channels=6, kernels=(4,), strides=(2,)), DilatedSettings(channels=8)]


@pytest.mark.parametrize("encoder", encoders, ids=lambda encoder: encoder.kind)
@pytest.mark.parametrize("most", [1, 60, 10_000])
def test_batches_of_any_size_give_the_units_of_one_by_one(encoder, most):
    torch.manual_seed(0)
    settings = VQModel(encoder=encoder, bottleneck=BottleneckSettings(codewords=7, dim=4))
    model = store.build(settings, Sizes(3, 2)).eval()
    draw = np.random.default_rng(0)
    matrices = {f"u{n}": draw.normal(size=(int(draw.integers(4, 40)), 3)).astype(np.float32) for n in range(9)}
    trained = store.Trained(model, settings, SpeechSettings(normalise="none"), 3, ("s",), None, 0)
    normalised = Normalised(matrices)
    alone = list(encode_matrices(trained, normalised, torch.device("cpu")))
    assert [sequence.utterance for sequence in alone] == list(matrices)
    for at_once in (1, 4, 9):
        found = list(in_batches(trained, normalised, list(matrices), torch.device("cpu"), most=most, at_once=at_once))
        for units, sequence in zip(found, alone, strict=True):
            np.testing.assert_array_equal(units, sequence.units)
    assert len({unit for units in found for unit in units.tolist()}) > 1


def test_batches_are_of_like_lengths_and_of_at_most_so_many_frames():
    lengths = {"a": 5, "b": 90, "c": 4, "d": 5, "e": 30}
    assert list(batches(lengths, 15)) == [["c", "a", "d"], ["e"], ["b"]]
