"""The architecture of a network of the families wav2vec 2.0, HuBERT and WavLM, as its configuration describes it."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unitdisc.errors import InputError

if TYPE_CHECKING:
    from torchaudio.models import Wav2Vec2Model

sample_rate = 16000  # Hz
hop = 320  # samples from one frame to the next, of all models of these families
Width = Annotated[int, Field(ge=1, le=2**15)]  # bounds keep a wrong file from filling the memory
dropouts = (
    "encoder_projection_dropout", "encoder_attention_dropout", "encoder_ff_interm_dropout", "encoder_dropout",
    "encoder_layer_drop",
)  # fmt: skip
# Names of transformers, and those of torchaudio.
renamed: Mapping[str, str] = MappingProxyType(
    {
        "conv_bias": "extractor_conv_bias",
        "hidden_size": "encoder_embed_dim",
        "num_conv_pos_embeddings": "encoder_pos_conv_kernel",
        "num_conv_pos_embedding_groups": "encoder_pos_conv_groups",
        "num_hidden_layers": "encoder_num_layers",
        "num_attention_heads": "encoder_num_heads",
        "intermediate_size": "encoder_ff_interm_features",
        "do_stable_layer_norm": "encoder_layer_norm_first",
        "num_buckets": "encoder_num_buckets",
        "max_bucket_distance": "encoder_max_distance",
    }
)


class Architecture(BaseModel):
    """The arguments of torchaudio's ``wav2vec2_model`` or, with ``encoder_num_buckets``, ``wavlm_model``.

    ``waveform_epsilon`` is added to the variance of a waveform that the network wants normalised; None for one that
    takes it as it is. What has a default here is what transformers takes if a configuration does not say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    extractor_mode: Literal["group_norm", "layer_norm"]
    extractor_conv_layer_config: tuple[tuple[Width, Width, Width], ...] = Field(min_length=1, max_length=20)
    extractor_conv_bias: bool = False
    encoder_embed_dim: Width = 768
    encoder_pos_conv_kernel: Width = 128
    encoder_pos_conv_groups: Width = 16
    encoder_num_layers: int = Field(12, ge=1, le=1000)
    encoder_num_heads: Width = 12
    encoder_ff_interm_features: Width = 3072
    encoder_layer_norm_first: bool = False
    encoder_num_buckets: int | None = Field(None, ge=4, le=2**15)
    encoder_max_distance: int = Field(800, ge=1, le=2**20)
    waveform_epsilon: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Architecture":
        for name in ("encoder_num_heads", "encoder_pos_conv_groups"):
            if self.encoder_embed_dim % getattr(self, name):
                raise ValueError(
                    f"a width of {self.encoder_embed_dim} cannot be shared by {getattr(self, name)} ({name})"
                )
        shift = prod(stride for _, _, stride in self.extractor_conv_layer_config)
        if shift != hop:
            raise ValueError(f"frames are {shift} samples apart, and not {hop}")
        if (self.encoder_num_buckets or 0) >= 4 * self.encoder_max_distance:
            raise ValueError("encoder_max_distance is too small for so many buckets")
        return self

    @property
    def reach(self) -> int:
        """The samples that a frame is computed from, before the transformer."""
        samples = 1
        for _, kernel, stride in reversed(self.extractor_conv_layer_config):
            samples = (samples - 1) * stride + kernel
        return samples

    def network(self, layers: int) -> "Wav2Vec2Model":
        """Return the network with its first ``layers`` layers, without weights: all are on the device meta."""
        import torch
        from torch.nn.utils.parametrize import remove_parametrizations
        from torchaudio.models import wav2vec2_model, wavlm_model

        arguments = self.model_dump(exclude={"waveform_epsilon"}) | dict.fromkeys(dropouts, 0.0)
        arguments |= {"encoder_num_layers": layers, "aux_num_out": None}
        if self.encoder_num_buckets is None:
            del arguments["encoder_num_buckets"], arguments["encoder_max_distance"]
        with torch.device("meta"):
            make = wav2vec2_model if self.encoder_num_buckets is None else wavlm_model
            network: Wav2Vec2Model = make(**arguments)
            # One weight instead of its length and direction, which would be multiplied anew for every recording.
            remove_parametrizations(network.encoder.transformer.pos_conv_embed.conv, "weight")
        return network.eval().requires_grad_(requires_grad=False)


def read_architecture(config: Any, preprocessor: Any, path: Path) -> Architecture:
    """Return the architecture that config.json and, if there is one, preprocessor_config.json describe.

    Raises InputError, naming ``path``, for another family of models, and for values that these models cannot have.
    """
    if not isinstance(config, dict):
        raise InputError("is no configuration of a model", path, fix=wanted)
    if "extractor_mode" in config:
        epsilon = 1e-5 if config.get("normalize_waveform", config["extractor_mode"] == "layer_norm") else None
        return _checked({**config, "waveform_epsilon": epsilon}, {}, path)
    _check_supported(config, path)
    present = {renamed[key]: value for key, value in config.items() if key in renamed and value is not None}
    if config["model_type"] != "wavlm":
        present.pop("encoder_num_buckets", None)
        present.pop("encoder_max_distance", None)
    else:
        present.setdefault("encoder_num_buckets", 320)
    norm = config.get("feat_extract_norm", "group")
    layers = (config.get(key, usual) for key, usual in convolutions.items())
    try:
        present["extractor_conv_layer_config"] = list(zip(*layers, strict=True))
    except (TypeError, ValueError):
        raise InputError(f"{', '.join(convolutions)} are not lists of one length", path, fix=wanted) from None
    present["extractor_mode"] = f"{norm}_norm"
    normalises = preprocessor.get("do_normalize", True) if isinstance(preprocessor, dict) else norm == "layer"
    return _checked({**present, "waveform_epsilon": 1e-7 if normalises else None}, renamed, path)


wanted = "take the config.json of a HuBERT, wav2vec 2.0 or WavLM model"
convolutions: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"conv_dim": (512,) * 7, "conv_kernel": (10, 3, 3, 3, 3, 2, 2), "conv_stride": (5, 2, 2, 2, 2, 2, 2)}
)
# Settings of transformers that change the computation, with the one value that torchaudio's networks have.
supported: Mapping[str, Any] = MappingProxyType(
    {
        "hidden_act": "gelu",
        "feat_extract_activation": "gelu",
        "layer_norm_eps": 1e-5,
        "conv_pos_batch_norm": False,
        "feat_proj_layer_norm": True,
        "adapter_attn_dim": None,
    }
)


def _check_supported(config: Mapping[str, Any], path: Path) -> None:
    family = config.get("model_type")
    if family not in ("hubert", "wav2vec2", "wavlm"):
        raise InputError(f"describes a model of type {family!r}, which is none of hubert, wav2vec2, wavlm", path)
    for key, value in supported.items():
        if config.get(key, value) != value:
            raise InputError(f"{key} is {config[key]!r}, and only {value!r} can be computed", path, fix=wanted)


def _checked(values: Mapping[str, Any], names: Mapping[str, str], path: Path) -> Architecture:
    try:
        return Architecture.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        key = {new: old for old, new in names.items()}.get(key, key)
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"describes no such model ({key + ': ' if key else ''}{message})", path, fix=wanted) from None
