"""Where networks are found, and the one line for what is missing, foreign or broken."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from safetensors.torch import load_file, save_file

from tests.helpers.corpora import rate, tone
from tests.helpers.networks import arguments, made, written
from unitdisc.choices import bundles
from unitdisc.errors import InputError
from unitdisc.features.pretrained import sources, weights
from unitdisc.features.self_supervised import Ssl, SslSettings


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def tiny_bundle(monkeypatch):
    """HUBERT_BASE with the architecture of a tiny network."""
    monkeypatch.setattr(torchaudio.pipelines.HUBERT_BASE, "_params", arguments("hubert"))
    return made().state_dict()


def computed(**options):
    return Ssl(SslSettings(**{"layer": 2, **options})).compute(tone(0.5), rate)


# --- bundles ------------------------------------------------------------------------------------------------------


def test_every_bundle_is_one_of_torchaudio_and_can_be_described(cache):
    for name in bundles:
        bundle = getattr(torchaudio.pipelines, name)
        assert bundle.sample_rate == rate
        described = sources._of_bundle(name, Path("x")).architecture
        assert described.reach == 400
        assert described.encoder_num_layers == bundle._params["encoder_num_layers"]
        assert (described.waveform_epsilon is not None) == bundle._normalize_waveform
        assert (described.encoder_num_buckets is not None) == name.startswith("WAVLM")
        make = torchaudio.models.wavlm_model if name.startswith("WAVLM") else torchaudio.models.wav2vec2_model
        with torch.device("meta"):
            theirs = make(**bundle._params | {"encoder_num_layers": 1}).state_dict()
        ours = described.network(1).state_dict()
        assert {key for key in theirs if "parametrizations" not in key} == {*ours} - {f"{weights.positions}weight"}
        assert all(ours[key].shape == each.shape for key, each in theirs.items() if key in ours)


def test_nothing_is_downloaded_unless_asked_for(cache, monkeypatch):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("downloads"))
    fix = (
        "put https://download.pytorch.org/torchaudio/models/hubert_fairseq_base_ls960.pth there, or set download: true"
    )
    with pytest.raises(InputError) as told:
        computed(model="HUBERT_BASE")
    wanted = cache / "hubert_fairseq_base_ls960.pth"
    assert str(told.value) == f"{wanted}: no such file: the weights of HUBERT_BASE; {fix}"


def test_weights_in_the_cache_are_used(cache, tiny_bundle, tmp_path):
    cache.mkdir(parents=True)
    torch.save(tiny_bundle, cache / "hubert_fairseq_base_ls960.pth")
    np.testing.assert_array_equal(computed(model="HUBERT_BASE"), computed(model=written(tmp_path / "same")))


def test_weights_are_downloaded_once_into_the_cache(cache, tiny_bundle, monkeypatch):
    asked = []

    def download(address, path, progress):
        asked.append(address)
        torch.save(tiny_bundle, path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    for _ in range(2):
        computed(model="HUBERT_BASE", download=True)
    assert asked == ["https://download.pytorch.org/torchaudio/models/hubert_fairseq_base_ls960.pth"]
    assert [path.name for path in cache.iterdir()] == ["hubert_fairseq_base_ls960.pth"]


def test_a_download_that_fails_is_told(cache, monkeypatch):
    from urllib.error import URLError

    def download(*_, **__):
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(
        InputError, match=r"wavlm_base\.pth: cannot be downloaded from https://.*/wavlm_base\.pth \(.*no"
    ):
        computed(model="WAVLM_BASE", download=True)


def test_a_file_with_the_name_of_a_bundles_needs_no_configuration(tiny_bundle, tmp_path):
    torch.save(tiny_bundle, tmp_path / "hubert_fairseq_base_ls960.pth")
    found = Ssl(SslSettings(model=tmp_path / "hubert_fairseq_base_ls960.pth", layer=1))
    assert found.facts()["architecture"] == "HUBERT_BASE"
    assert found.compute(tone(0.5), rate).shape == (25, 32)


# --- folders and files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "model.pt", "model.pth"])
@pytest.mark.parametrize("prefix", ["", "model.", "wav2vec2."])
def test_a_folder_or_its_file_of_weights_is_the_model(tmp_path, name, prefix):
    expected = computed(model=written(tmp_path / "plain"))
    folder = written(tmp_path / "other")
    weights = {prefix + key: each for key, each in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    (save_file if name.endswith("safetensors") else torch.save)(weights, folder / name)
    np.testing.assert_array_equal(computed(model=folder), expected)
    np.testing.assert_array_equal(computed(model=folder / name), expected)


def test_the_files_of_a_model_are_those_that_exist(tmp_path):
    folder = written(tmp_path)
    both = [folder / "config.json", folder / "model.safetensors"]
    assert Ssl(SslSettings(model=folder)).files() == both
    assert Ssl(SslSettings(model=folder / "model.safetensors")).files() == both
    (folder / "preprocessor_config.json").write_text("{}")
    assert folder / "preprocessor_config.json" in Ssl(SslSettings(model=folder)).files()
    assert Ssl(SslSettings(model=folder / "nowhere" / "x.pt")).files() == []
    assert Ssl(SslSettings(model="HUBERT_BASE")).files() == []


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for model, message in (
        (
            "HUBERT_BAES",
            "HUBERT_BAES: no such file or folder, and no bundle of torchaudio; the nearest known is 'HUBERT_B",
        ),
        ("empty", r"empty: has no weights \(model.safetensors or .*\); put the file there, or name it as model"),
        ("lone", r"lone/config.json: no such file; the architecture of model.pt is wanted there"),
        ("lone/model.pt", r"lone/config.json: no such file; the architecture of model.pt is wanted there"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        (tmp_path / "lone").mkdir(exist_ok=True)
        (tmp_path / "lone" / "model.pt").touch()
        with pytest.raises(InputError, match=message):
            computed(model=model)


# --- weights ------------------------------------------------------------------------------------------------------


def change(folder, edit):
    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file({key: each.contiguous() for key, each in weights.items()}, folder / "model.safetensors")


projection = "encoder.feature_projection.projection.weight"
query = "encoder.transformer.layers.0.attention.q_proj.weight"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda w: w.pop(query),
            f"has no weights {query} .1 are missing.; take the weights and the config.json of one",
        ),
        (lambda w: w.update(extra=torch.ones(2)), "has the weights extra, which the model lacks .1 such."),
        (
            lambda w: w.update({"encoder.transformer.layers.3.layer_norm.bias": torch.ones(2)}),
            "has the weights encoder.transformer.layers.3.layer_norm.bias, which the model lacks",
        ),
        (
            lambda w: w.update({projection: w[projection][:, :5]}),
            f"has {projection} of 32 × 5 numbers, where 32 × 16 are wanted",
        ),
        (
            lambda w: w[projection].fill_(torch.nan),
            f"has {projection} with values that are not finite numbers; get the file again",
        ),
        (lambda w: w[projection].view(-1)[3:4].fill_(torch.inf), f"has {projection} with values that are not finite"),
        (lambda w: w.update({projection: w[projection].long()}), f"has {projection} with values that are not finite"),
    ],
)
def test_weights_that_are_not_the_models_are_told(tmp_path, edit, message):
    change(written(tmp_path), edit)
    with pytest.raises(InputError, match=rf"model\.safetensors: {message}"):
        computed(model=tmp_path)


@pytest.mark.parametrize("name", ["original0", "original1"])
def test_a_weight_normalisation_that_does_not_fit_is_told(tmp_path, name):
    key = f"encoder.transformer.pos_conv_embed.conv.parametrizations.weight.{name}"
    change(written(tmp_path), lambda w: w.update({key: torch.ones(2, 2)}))
    with pytest.raises(InputError, match="has no weight normalisation in encoder"):
        computed(model=tmp_path)


def test_a_wavlm_without_some_projections_is_told(tmp_path):
    def split(weights):
        for key in [key for key in weights if "in_proj" in key]:
            before, after = key.split("attention.in_proj_")
            for name, part in zip("qkv", weights.pop(key).chunk(3), strict=True):
                weights[f"{before}{name}_proj.{after}"] = part.clone()

    written(tmp_path, "wavlm")
    expected = computed(model=tmp_path)
    change(tmp_path, split)
    np.testing.assert_array_equal(computed(model=tmp_path), expected)
    change(tmp_path, lambda w: w.pop("encoder.transformer.layers.1.attention.k_proj.bias"))
    with pytest.raises(InputError, match=r"has no weights .*layers\.1\.attention\.attention\.in_proj_bias"):
        computed(model=tmp_path)


def test_a_truncated_file_is_told(tmp_path):
    path = written(tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: cannot be read as weights \(.*\); copy it again"):
        computed(model=tmp_path)


def test_later_layers_are_not_read(tmp_path):
    change(written(tmp_path), lambda w: w.pop("encoder.transformer.layers.2.layer_norm.bias"))
    assert computed(model=tmp_path, layer=2).shape == (25, 32)
    with pytest.raises(InputError, match="has no weights"):
        computed(model=tmp_path, layer=3)


def test_half_precision_is_computed_in_float32(tmp_path):
    expected = computed(model=written(tmp_path))
    change(tmp_path, lambda w: w.update({key: each.half() for key, each in w.items()}))
    np.testing.assert_allclose(computed(model=tmp_path), expected, atol=0.05)


# --- configurations -----------------------------------------------------------------------------------------------

hugging_face = {
    "model_type": "hubert", "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64,
    "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
}  # fmt: skip


def test_a_configuration_of_transformers_describes_the_same_network(tmp_path):
    expected = computed(model=written(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps(hugging_face))
    np.testing.assert_array_equal(computed(model=tmp_path), expected)


@pytest.mark.parametrize("normalises", [True, False, None])
@pytest.mark.parametrize("family", ["hubert", "hubert-large"])
def test_the_waveform_is_normalised_where_the_preprocessor_says_so(tmp_path, family, normalises):
    large = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
    config = hugging_face | (large if family == "hubert-large" else {})
    written(tmp_path, family)
    (tmp_path / "config.json").write_text(json.dumps(config))
    if normalises is not None:
        (tmp_path / "preprocessor_config.json").write_text(json.dumps({"do_normalize": normalises}))
    samples = tone(0.5)
    extractor = Ssl(SslSettings(model=tmp_path, layer=1))
    change = np.abs(extractor.compute(samples, rate) - extractor.compute(5 * samples, rate)).max()
    # The group norm of the first convolution takes the scale away as well.
    scale_matters = family == "hubert-large" and normalises is False
    assert (change > 1e-2) == scale_matters


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", r"is not JSON \("),
        ([], "is no configuration of a model; take the config.json of a HuBERT"),
        ({}, "describes a model of type None, which is none of hubert, wav2vec2, wavlm"),
        (hugging_face | {"model_type": "bert"}, "describes a model of type 'bert', which is none of hubert, wav2vec2"),
        (hugging_face | {"hidden_act": "relu"}, "hidden_act is 'relu', and only 'gelu' can be computed"),
        (hugging_face | {"conv_pos_batch_norm": True}, "conv_pos_batch_norm is True, and only False can be computed"),
        (
            hugging_face | {"hidden_size": "wide"},
            "describes no such model .hidden_size: Input should be a valid integer",
        ),
        (hugging_face | {"hidden_size": 10**9}, "describes no such model .hidden_size: Input should be less than or"),
        (hugging_face | {"hidden_size": 30}, "describes no such model .a width of 30 cannot be shared by 4"),
        (
            hugging_face | {"num_hidden_layers": 10**9},
            "describes no such model .num_hidden_layers: Input should be less",
        ),
        (
            hugging_face | {"feat_extract_norm": "none"},
            "describes no such model .extractor_mode: Input should be 'group",
        ),
        (hugging_face | {"conv_stride": [5, 2]}, "conv_dim, conv_kernel, conv_stride are not lists of one length"),
        (hugging_face | {"conv_stride": 5}, "conv_dim, conv_kernel, conv_stride are not lists of one length"),
        (hugging_face | {"conv_stride": [4, 2, 2, 2, 2, 2, 2]}, "frames are 256 samples apart, and not 320"),
        (
            hugging_face | {"model_type": "wavlm", "num_buckets": 320, "max_bucket_distance": 80},
            "encoder_max_distance is too small for so many buckets",
        ),
        ({"extractor_mode": "group_norm"}, "describes no such model .extractor_conv_layer_config: Field required"),
        (arguments("hubert", encoder_num_heads=3), "a width of 32 cannot be shared by 3 .encoder_num_heads"),
    ],
)
def test_a_configuration_of_no_such_model_is_told(tmp_path, config, message):
    written(tmp_path)
    (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    with pytest.raises(InputError, match=rf"config\.json: .*{message}") as told:
        computed(model=tmp_path)
    assert "\n" not in str(told.value)
