"""Networks of the package transformers, as it saves them, give what it computes; skipped where it is not installed."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.helpers.corpora import rate, tone
from tests.helpers.networks import randomise
from unitdisc.features.self_supervised import Ssl, SslSettings

transformers = pytest.importorskip("transformers")

names = {"hubert": "Hubert", "wav2vec2": "Wav2Vec2", "wavlm": "WavLM"}
sizes = {
    "hidden_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 80, "conv_dim": (24,) * 7,
    "num_conv_pos_embeddings": 32, "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
shapes = {
    "base": {"feat_extract_norm": "group", "do_stable_layer_norm": False, "conv_bias": False},
    "large": {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True},
}


def network(family, shape, head="Model"):
    buckets = {"num_buckets": 32, "max_bucket_distance": 100} if family == "wavlm" else {}
    config = getattr(transformers, f"{names[family]}Config")(**sizes, **shapes[shape], **buckets, vocab_size=7)
    made = getattr(transformers, f"{names[family]}{head}")(config).eval()
    randomise(made)
    return made


def computed(folder, layer, output="layer"):
    return Ssl(SslSettings(model=folder, layer=layer, output=output)).compute(samples, rate)


samples = tone(3.1)[:-100]


def expected(made, shape):
    frames = int(len(samples) / 320 + 0.5)
    waveform = samples if shape == "base" else (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    padded = np.pad(waveform, (40, 400))[: 320 * frames + 80]
    with torch.inference_mode():
        return made(torch.tensor(padded)[None], output_hidden_states=True)


@pytest.mark.parametrize("shape", shapes)
@pytest.mark.parametrize("family", names)
def test_every_layer_is_that_of_transformers(tmp_path, family, shape):
    made = network(family, shape)
    made.save_pretrained(tmp_path)
    found = expected(made, shape)
    hidden = [layer[0].numpy() for layer in found.hidden_states]
    differences = [np.abs(computed(tmp_path, layer) - hidden[layer]).max() for layer in range(4)]
    # Whether the last of hidden_states is normalised depends on the version of transformers.
    last = computed(tmp_path, 4, "layer" if shape == "base" else "normalised")
    differences.append(np.abs(last - found.last_hidden_state[0].numpy()).max())
    print(family, shape, [f"{each:.1e}" for each in differences])
    assert max(differences) < 5e-5


@pytest.mark.parametrize("family", names)
def test_a_recogniser_gives_what_the_network_below_its_head_gives(tmp_path, family):
    made = network(family, "base", "ForCTC")
    made.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"do_normalize": False}))
    found = expected(made, "base")
    np.testing.assert_allclose(computed(tmp_path, 2), found.hidden_states[2][0].numpy(), atol=5e-5)


def test_weights_in_the_older_spelling_and_in_a_torch_file_are_the_same(tmp_path):
    network("hubert", "base").save_pretrained(tmp_path)
    before = computed(tmp_path, 3)
    weights = load_file(tmp_path / "model.safetensors")
    position = "encoder.pos_conv_embed.conv."
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        weights[position + old] = weights.pop(f"{position}parametrizations.weight.{new}")
    save_file(weights, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(computed(tmp_path, 3), before)
    (tmp_path / "model.safetensors").unlink()
    torch.save({f"hubert.{name}": each for name, each in weights.items()}, tmp_path / "pytorch_model.bin")
    np.testing.assert_array_equal(computed(tmp_path, 3), before)
