"""A model in its folder: stored, loaded, refused."""

import json
import re
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import unitdisc
from unitdisc.config import BottleneckSettings, KMeansModel, MixerSettings, Training, VQModel
from unitdisc.errors import InputError
from unitdisc.features.normalise import Statistics
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.pixelcnn import PixelCNNSettings
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.encoders.line_image import LineImageSettings
from unitdisc.models.kmeans import KMeans
from unitdisc.models.objectives.ctc import CtcSettings

small = VQModel(
    encoder=ConvolutionalSettings(channels=8, kernels=(3, 4), strides=(1, 2), residual_layers=1),
    bottleneck=BottleneckSettings(codewords=6, dim=4),
    decoder=WindowSettings(channels=8, layers=1, speaker_dim=3, context=2),
    training=Training(),
)


window = small.model_copy(update={"mixer": MixerSettings(channels=6)})
pixelcnn = VQModel(
    encoder=LineImageSettings(maps=(4,) * 7),
    bottleneck=BottleneckSettings(codewords=6, dim=4),
    decoder=PixelCNNSettings(channels=4, layers=2),
)
ctc = VQModel(
    encoder=small.encoder, bottleneck=BottleneckSettings(codewords=6, dim=4, codebooks=2), objective=CtcSettings()
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("settings", [small, KMeansModel(codewords=6, context=1)])
def test_a_stored_model_encodes_the_same(tmp_path, settings):
    model = store.build(settings, Sizes(5, speakers=2)).eval()
    if isinstance(model, KMeans):
        model.codebook.normal_()
    statistics = Statistics(np.arange(5, dtype="f4") / 3, np.ones(5, "f4"))
    store.save(RunFolder(tmp_path), store.Trained(model, settings, SpeechSettings(), 5, ("x", "y"), statistics, 1))
    loaded = store.load(RunFolder(tmp_path))
    frames = torch.randn(33, 5)
    assert torch.equal(loaded.model.encode(frames), model.encode(frames))
    assert (loaded.settings, loaded.features, loaded.speakers) == (settings, SpeechSettings(), ("x", "y"))
    np.testing.assert_array_equal(loaded.statistics.mean, statistics.mean)


@pytest.fixture
def editable(monkeypatch):
    """Store models without checksums, so that a test can edit them."""
    monkeypatch.setattr(store, "sealing", lambda *_: nullcontext())


def test_what_changed_since_it_was_stored_is_told(tmp_path):
    run = RunFolder(tmp_path)
    store.save(
        run, store.Trained(store.build(small, Sizes(5, speakers=2)), small, SpeechSettings(), 5, ("x", "y"), None, 1)
    )
    for path in (run.weights, run.description):
        whole = path.read_bytes()
        for changed in (whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
            path.write_bytes(changed)
            told = re.escape(
                f"{path}: is not as unitdisc wrote it: cut, damaged or edited; make it anew: unitdisc train"
            )
            with pytest.raises(InputError, match=f"^{told}"):
                store.load(run)
        path.write_bytes(whole)
    assert store.load(run).seed == 1


def test_a_model_of_another_version_that_cannot_be_read_says_so(tmp_path, editable):
    run = RunFolder(tmp_path)
    store.save(
        run, store.Trained(store.build(small, Sizes(5, speakers=2)), small, SpeechSettings(), 5, ("x", "y"), None, 1)
    )
    told = json.loads(run.description.read_text()) | {"unitdisc": "0.0.9"}
    run.description.write_text(json.dumps(told))
    assert store.load(run).seed == 1
    fix = rf"; unitdisc 0\.0\.9 wrote it, and this is {re.escape(unitdisc.__version__)}: train it again, or use that"
    run.description.write_text(json.dumps(told | {"model": {"kind": "of long ago"}}))
    with pytest.raises(InputError, match=rf"does not describe a model \(ValidationError\){fix}"):
        store.load(run)
    run.description.write_text(json.dumps(told | {"inputs": 7}))
    with pytest.raises(InputError, match=rf"does not hold the weights that model\.json describes \(.*\){fix}"):
        store.load(run)


def test_a_broken_model_is_refused(tmp_path, editable):
    model = store.build(small, Sizes(5, speakers=2))
    store.save(RunFolder(tmp_path), store.Trained(model, small, SpeechSettings(), 5, ("x", "y"), None, 1))
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[:100])
    with pytest.raises(InputError, match=r"model\.safetensors"):
        store.load(RunFolder(tmp_path))
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json: is not JSON \("):
        store.load(RunFolder(tmp_path))
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(InputError, match=r"model\.json: does not describe a model"):
        store.load(RunFolder(tmp_path))


def test_facts_of_the_extractor_are_kept_and_older_models_have_none(tmp_path, editable):
    run, facts = RunFolder(tmp_path), {"sha256": "0f", "layer": "9"}
    model = store.build(small, Sizes(5, speakers=2))
    store.save(run, store.Trained(model, small, SpeechSettings(), 5, ("x", "y"), None, 1, facts=facts))
    assert store.load(run).facts == facts
    described = json.loads(run.description.read_text())
    assert described.pop("extractor") == facts
    run.description.write_text(json.dumps(described))
    assert store.load(run).facts == {}
    run.description.write_text(json.dumps(described | {"extractor": 5}))
    with pytest.raises(InputError, match=r"model\.json: does not describe a model"):
        store.load(run)


def names_of_version_0_1(weights):
    """Weights under the names of version 0.1: the decoder next to the encoder, and `told` for the codes of a gate."""
    return {
        name.removeprefix("objective.").replace(".condition.", ".told."): weight for name, weight in weights.items()
    }


@pytest.mark.parametrize(
    ("settings", "inputs", "labels", "old"),
    [
        (window, 5, (), "decoder.speakers.weight"),
        (pixelcnn, 32, (), "decoder.layers.1.told.weight"),
        (ctc, 5, ("a", "b"), "decoder.output.weight"),
    ],
    ids=["window", "pixelcnn", "ctc"],
)
def test_weights_of_version_0_1_are_read(tmp_path, editable, settings, inputs, labels, old):
    run = RunFolder(tmp_path)
    model = store.build(settings, Sizes(inputs, speakers=2, labels=len(labels))).eval()
    store.save(run, store.Trained(model, settings, SpeechSettings(), inputs, ("x", "y"), None, 1, labels))
    weights = names_of_version_0_1(load_file(run.weights))
    assert old in weights
    assert not any(name.startswith("objective.") or ".condition." in name for name in weights)
    save_file(weights, run.weights)
    loaded = store.load(run).model
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, weight in model.state_dict().items():
        assert weight.equal(loaded.state_dict()[name]), name
    frames = torch.rand(24, inputs)
    batch = Batch(frames[None], torch.ones(1, 24, dtype=torch.bool), torch.tensor([1]), torch.arange(24)[None] // 12)
    assert loaded.encode(frames).equal(model.encode(frames))
    assert loaded(batch).total.equal(model(batch).total)
