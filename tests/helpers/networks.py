"""Tiny self-supervised networks with random weights, as torchaudio makes them, and the files that hold them."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
import torchaudio
from safetensors.torch import save_file

families = ("hubert", "hubert-large", "wavlm", "wavlm-large")  # HuBERT and wav2vec 2.0 are the same network
convolutions = [(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2]


def arguments(family: str, **other: Any) -> dict[str, Any]:
    """The arguments of torchaudio's function for a tiny network of three layers."""
    large = family.endswith("large")
    wavlm = {"encoder_num_buckets": 32, "encoder_max_distance": 100} if family.startswith("wavlm") else {}
    return {
        "extractor_mode": "layer_norm" if large else "group_norm",
        "extractor_conv_layer_config": convolutions,
        "extractor_conv_bias": large,
        "encoder_embed_dim": 32,
        "encoder_projection_dropout": 0.1,
        "encoder_pos_conv_kernel": 16,
        "encoder_pos_conv_groups": 4,
        "encoder_num_layers": 3,
        "encoder_num_heads": 4,
        "encoder_attention_dropout": 0.1,
        "encoder_ff_interm_features": 64,
        "encoder_ff_interm_dropout": 0.1,
        "encoder_dropout": 0.1,
        "encoder_layer_norm_first": large,
        "encoder_layer_drop": 0.05,
        "aux_num_out": None,
        **wavlm,
        **other,
    }


def made(family: str = "hubert", seed: int = 0, **other: Any) -> Any:
    """A network whose weights keep the size of what goes through it, so that its layers differ."""
    make = torchaudio.models.wavlm_model if family.startswith("wavlm") else torchaudio.models.wav2vec2_model
    network = make(**arguments(family, **other)).eval()
    randomise(network, seed)
    return network


def randomise(network: torch.nn.Module, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        if weight.ndim > 1:
            weight.data.normal_(0, weight[0].numel() ** -0.5, generator=generator)
        elif "bias" in name:
            weight.data.normal_(0, 0.1, generator=generator)
        else:
            weight.data.uniform_(0.5, 1.5, generator=generator)


def written(
    folder: Path, family: str = "hubert", seed: int = 0, *, said: Mapping[str, Any] = MappingProxyType({}), **other: Any
) -> Path:
    """Write a network's configuration, with what else is ``said`` there, and its weights into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**arguments(family, **other), **said}))
    weights = made(family, seed, **other).state_dict()
    save_file({name: each.contiguous() for name, each in weights.items()}, folder / "model.safetensors")
    return folder


def one_pass(network: Any, samples: np.ndarray, family: str) -> list[np.ndarray]:
    """The layers that torchaudio's network gives for a whole recording, padded by hand."""
    frames = int(len(samples) / 320 + 0.5)
    waveform = torch.from_numpy(samples)
    if family.endswith("large"):
        waveform = torch.nn.functional.layer_norm(waveform, waveform.shape)
    padded = torch.zeros(320 * frames + 80)
    used = waveform[: len(padded) - 40]
    padded[40 : 40 + len(used)] = used
    with torch.inference_mode():
        return [layer[0].numpy() for layer in network.extract_features(padded[None])[0]]
