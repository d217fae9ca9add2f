"""The weights of a network under the names of torchaudio, from a file of torchaudio or of transformers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from unitdisc.errors import InputError
from unitdisc.features.pretrained.architecture import Architecture
from unitdisc.formats.weight_files import read_weights

if TYPE_CHECKING:
    from torch import Tensor
    from torchaudio.models import Wav2Vec2Model

# Models with a head on top have their names below one of these; what is not below it belongs to the head.
prefixes = ("hubert.", "wav2vec2.", "wavlm.", "model.")
# What is used in training only, or comes after the last layer.
unused = (
    "masked_spec_embed", "lm_head.", "quantizer.", "project_hid.", "project_q.", "projector.", "classifier.", "aux.",
    "mask_generator.", "logit_generator.",
)  # fmt: skip
positions = "encoder.transformer.pos_conv_embed.conv."
# The two spellings of weight normalisation: a length per place of the kernel, and a direction.
normalised = (("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1"))
fix = "take the weights and the config.json of one model"


def load(architecture: Architecture, path: Path, *, layers: int) -> "Wav2Vec2Model":
    """Return the network of an architecture up to its layer ``layers``, with the weights of a file, in float32.

    Raises InputError for a file that cannot be read, and for weights that are missing, unknown, of another shape, or
    not finite.
    """
    network = architecture.network(layers)
    found = _without_later_layers(torchaudio_names(read_weights(path)), architecture.encoder_num_layers, layers)
    if architecture.encoder_num_buckets is not None:
        found = _joined_projections(found)
    weights = _with_positions(found, path)
    expected: Mapping[str, Tensor] = network.state_dict()
    if missing := [name for name in expected if name not in weights]:
        raise InputError(f"has no weights {missing[0]} ({len(missing)} are missing)", path, fix=fix)
    if unknown := [name for name in weights if name not in expected]:
        raise InputError(f"has the weights {unknown[0]}, which the model lacks ({len(unknown)} such)", path, fix=fix)
    for name, tensor in weights.items():
        if tensor.shape != expected[name].shape:
            shapes = [" × ".join(map(str, each.shape)) for each in (tensor, expected[name])]
            raise InputError(f"has {name} of {shapes[0]} numbers, where {shapes[1]} are wanted", path, fix=fix)
        if not tensor.is_floating_point() or not bool(tensor.float().isfinite().all()):
            raise InputError(f"has {name} with values that are not finite numbers", path, fix="get the file again")
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    return network.requires_grad_(requires_grad=False)


def torchaudio_names(weights: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """Return the weights of the network itself under torchaudio's names, whichever of the two libraries named them."""
    for prefix in prefixes:
        if any(name.startswith(f"{prefix}feature_extractor.") for name in weights):
            weights = {name[len(prefix) :]: each for name, each in weights.items() if name.startswith(prefix)}
    named = {}
    for name, tensor in weights.items():
        if not name.startswith(unused):
            inside = re.sub(r"^encoder\.(?=(pos_conv_embed|layer_norm|layers)\.)", "encoder.transformer.", name)
            named[re.sub(r"^feature_projection\.", "encoder.feature_projection.", inside)] = tensor
    return named


def _without_later_layers(weights: "dict[str, Tensor]", of: int, layers: int) -> "dict[str, Tensor]":
    """Leave out the layers of a network with ``of`` layers that come after those that are wanted."""
    kept = {}
    for name, tensor in weights.items():
        match = re.match(r"encoder\.transformer\.layers\.([0-9]{1,9})\.", name)
        if not match or not layers <= int(match[1]) < of:
            kept[name] = tensor
    return kept


def _joined_projections(weights: "dict[str, Tensor]") -> "dict[str, Tensor]":
    """Join the projections of WavLM's attention to queries, keys and values, which torchaudio has in one."""
    import torch

    joined, parts = {}, {}
    for name, tensor in weights.items():
        match = re.fullmatch(r"(.*\.attention\.)([qkv]|out)_proj\.(weight|bias)", name)
        if not match or match[1].endswith("attention.attention."):
            joined[name] = tensor
        elif match[2] == "out":
            joined[f"{match[1]}attention.out_proj.{match[3]}"] = tensor
        else:
            parts[f"{match[1]}attention.in_proj_{match[3]}", match[2]] = tensor
    for name in {name: None for name, _ in parts}:
        three = [parts[name, part] for part in "qkv" if (name, part) in parts]
        if len(three) == 3 and len({each.shape[1:] for each in three}) == 1 and three[0].ndim:
            joined[name] = torch.cat(three)
    return joined


def _with_positions(weights: "dict[str, Tensor]", path: Path) -> "dict[str, Tensor]":
    """Replace the normalised weight of the convolution that gives positions by its value."""
    import torch

    for names in normalised:
        lengths, directions = (weights.get(positions + name) for name in names)
        if lengths is None or directions is None:
            continue
        if directions.ndim != 3 or lengths.shape != (1, 1, directions.shape[2]):
            raise InputError(f"has no weight normalisation in {positions}{names[0]}", path, fix=fix)
        others = {name: each for name, each in weights.items() if name not in [positions + name for name in names]}
        # In float64: the order of a sum of many squares would be seen in float32.
        directions = directions.double()
        length = directions.square().sum((0, 1), keepdim=True).sqrt()
        return {**others, f"{positions}weight": (directions * (lengths.double() / length)).to(torch.float32)}
    return weights
