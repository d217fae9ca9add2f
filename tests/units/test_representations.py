"""The stages of a trained model by utterance."""

import numpy as np
import torch

from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.features.archive import Archive, write
from unitdisc.features.speech import SpeechSettings
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.stages import Stage
from unitdisc.units.representations import Representations


def test_stages_of_an_autoencoder_are_those_that_it_encodes_by(tmp_path):
    torch.manual_seed(0)
    settings = VQModel(
        encoder=ConvolutionalSettings(channels=6, kernels=(4,), strides=(2,)),
        bottleneck=BottleneckSettings(codewords=5, dim=4, codebooks=2),
    )
    model = store.build(settings, Sizes(3, 2)).eval()
    frames = torch.randn(9, 3)
    found = model.stages(frames)
    assert tuple(found) == model.stage_names == ("features", "encoder", "codes")
    assert [tuple(vectors.shape) for vectors in found.values()] == [(9, 3), (5, 6), (5, 4)]
    units = model.encode(frames)  # the choice of the second codebook counts in fives
    assert torch.equal(found["codes"], model.bottleneck.quantizer.decode(torch.stack([units % 5, units // 5], dim=-1)))
    assert torch.equal(found["codes"], model.codebook[units])
    write(tmp_path / "test.ark", [("u", frames.numpy())])
    trained = store.Trained(model, settings, SpeechSettings(normalise="none"), 3, ("s",), None, 0)
    split = Representations(trained, Archive(tmp_path / "test.scp"), {"u": "s"})
    assert [split.frame_shift(stage) for stage in split.stages] == [0.01, 0.02, 0.02]
    assert [split.rows("u", stage) for stage in split.stages] == [9, 5, 5]
    assert np.array_equal(split.stage(Stage.CODES)["u"], found["codes"].numpy())
    assert split["u"] is split["u"]  # stages are read one after the other, and computed once
