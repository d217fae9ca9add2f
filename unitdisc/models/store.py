"""A trained model in a folder: its weights, and model.json with everything else needed to encode."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

import unitdisc
from unitdisc import registry
from unitdisc.config import AnyFeatures, AnyModel, FeatureSettings, ModelSettings
from unitdisc.errors import InputError
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive, check_known
from unitdisc.features.normalise import Normalised, Statistics
from unitdisc.files import read_json, replacing, writing
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.layout import RunFolder
from unitdisc.models.batch import Sizes
from unitdisc.models.unit_model import UnitModel

settings_of: TypeAdapter[Any] = TypeAdapter(AnyModel)
features_of: TypeAdapter[Any] = TypeAdapter(AnyFeatures)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model with everything needed to encode.

    ``features`` and ``statistics`` (of train, or None) are those of its inputs, ``inputs`` is their number of columns,
    ``speakers`` are those of train, and ``labels`` are those that it recognises, in the order of its classes.
    ``facts`` are those of the extractor of the features.
    """

    model: UnitModel
    settings: ModelSettings
    features: FeatureSettings
    inputs: int
    speakers: tuple[str, ...]
    statistics: Statistics | None
    seed: int
    labels: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def frame_shift(self) -> float:
        """The shift between two tokens, in seconds or columns."""
        return float(read_shift(self.features.shift) * self.model.stride)

    def normalised(self, archive: Archive, speaker: Mapping[str, str]) -> Normalised:
        """Return the matrices of an archive, normalised for the model; ``speaker`` maps an utterance to its speaker.

        Raises InputError for features with another number of columns than the model has inputs.
        """
        if speaker:
            check_known(archive, speaker)
        if archive.dim != self.inputs:
            raise InputError(f"has {archive.dim} columns where the model expects {self.inputs}", archive.path)
        return Normalised(
            archive,
            shared=self.statistics,
            speaker=speaker,
            by_speaker=self.features.normalise == "speaker",
            extractor=extractor_of(self.features),
        )


def build(settings: ModelSettings, sizes: Sizes) -> UnitModel:
    """Return an untrained model."""
    model: UnitModel = registry.models.load(settings.kind)(settings, sizes)
    return model


def save(run: RunFolder, trained: Trained) -> None:
    """Write the weights and their description into the run's folder, each atomically."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in trained.model.state_dict().items()}
    with replacing(run.weights) as temporary:
        temporary.write_bytes(serialise(weights))
    statistics = trained.statistics
    description = {
        "unitdisc": unitdisc.__version__,
        "model": trained.settings.model_dump(mode="json"),
        "features": trained.features.model_dump(mode="json"),
        "extractor": dict(trained.facts),
        "inputs": trained.inputs,
        "stride": trained.model.stride,
        "speakers": list(trained.speakers),
        "statistics": statistics and {"mean": statistics.mean.tolist(), "deviation": statistics.deviation.tolist()},
        "seed": trained.seed,
        "labels": list(trained.labels),
    }
    with writing(run.description) as file:
        json.dump(description, file, indent=1, ensure_ascii=False)
        file.write("\n")


def load(run: RunFolder) -> Trained:
    """Read a model from its folder, ready to encode on the CPU; raises InputError for a missing or unsuitable file."""
    path = run.description
    text = read_json(path, missing="train the model first: unitdisc train --help")
    try:
        settings = settings_of.validate_python(text["model"])
        # Models of version 0.1 were trained when all frames were active.
        features = features_of.validate_python({"activity": None, **text["features"]})
        inputs, speakers = int(text["inputs"]), tuple(text["speakers"])
        statistics = _statistics(text["statistics"])
        seed, labels = int(text["seed"]), tuple(text.get("labels", ()))
        facts = {str(key): str(value) for key, value in dict(text.get("extractor", {})).items()}
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise InputError(f"does not describe a model ({type(error).__name__})", path) from None
    weights = run.weights
    try:
        model = build(settings, Sizes(inputs, len(speakers), len(labels)))
        model.load_state_dict(_present_names(load_file(weights)))
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"does not hold the weights that model.json describes ({reason})", weights) from None
    return Trained(model.eval(), settings, features, inputs, speakers, statistics, seed, labels, facts)


def _present_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under their present names; up to version 0.1 the decoder was not part of the objective."""
    present = {}
    for name, weight in weights.items():
        present[re.sub(r"^decoder\.", "objective.decoder.", name).replace(".told.", ".condition.")] = weight
    return present


def _statistics(value: Any) -> Statistics | None:
    if value is None:
        return None
    return Statistics(np.array(value["mean"], dtype=np.float32), np.array(value["deviation"], dtype=np.float32))


def device_of(choice: str) -> torch.device:
    """Return the device of the setting auto, cpu or cuda; raises InputError for cuda if there is no CUDA device."""
    if choice == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device is cuda, and no CUDA device is visible", fix="set it to auto or cpu")
    if choice == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device())
