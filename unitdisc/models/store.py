"""A trained model in a folder: its weights, and model.json with everything else needed to encode."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

import unitdisc
from unitdisc import registry
from unitdisc.arrays import Matrix
from unitdisc.checksums import checked, sealing
from unitdisc.choices import Device, StatisticsOf
from unitdisc.config import FeatureSettings, ModelSettings
from unitdisc.config.description import described, other_version, undescribed
from unitdisc.errors import InputError
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive, check_known
from unitdisc.features.extractor import Extractor
from unitdisc.features.normalise import Normalised, Statistics, statistics_in
from unitdisc.files import replacing, writing
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.layout import RunFolder
from unitdisc.models.batch import Sizes
from unitdisc.models.unit_model import UnitModel

most_inputs = 2**20  # columns: more are no features


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights are from that a run has not learnt: a file with its SHA-256, and for another run's its names."""

    path: str
    sha256: str
    corpus: str = ""
    model: str = ""
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model with everything needed to encode.

    ``features`` and ``statistics`` (of train, or None) are those of its inputs, ``inputs`` is their number of columns,
    ``speakers`` are those of train, and ``labels`` are those that it recognises, in the order of its classes.
    ``source`` is None for weights that were learnt in this run. ``of_train`` are the statistics of all speakers of
    train together, where each is normalised by his own. ``facts`` are those of the extractor of the features.
    """

    model: UnitModel
    settings: ModelSettings
    features: FeatureSettings
    inputs: int
    speakers: tuple[str, ...]
    statistics: Statistics | None
    seed: int
    labels: tuple[str, ...] = ()
    source: Source | None = None
    of_train: Statistics | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def frame_shift(self) -> float:
        """The shift between two tokens, in seconds or columns."""
        return float(read_shift(self.features.shift) * self.model.stride)

    def extractor(self, *, device: Device | None = None, network: Path | None = None) -> Extractor:
        """Return the extractor of the features, on another device or with its network at another path if need be.

        Raises InputError where what it depends on has changed since the training, or where it has no network.
        """
        fields = type(self.features).model_fields
        if network is not None and self.features.kind != "ssl":
            raise InputError(f"features of kind {self.features.kind!r} have no network", fix="leave --network out")
        changes = {"device": device, "model": network}
        settings = self.features.model_copy(
            update={name: value for name, value in changes.items() if value is not None and name in fields}
        )
        extractor: Extractor = registry.features.load(settings.kind)(settings)
        if reason := extractor.changed(self.facts):
            what = f"the model was trained on other features: {reason}"
            raise InputError(what, fix="name the network of that time with --network, or train again")
        return extractor

    def normalised(self, archive: Archive, speaker: Mapping[str, str]) -> Normalised:
        """Return the matrices of an archive, normalised for the model; ``speaker`` maps an utterance to its speaker.

        Raises InputError for features with another number of columns than the model has inputs.
        """
        if speaker:
            check_known(archive, speaker)
        if archive.dim != self.inputs:
            raise InputError(f"has {archive.dim} columns where the model expects {self.inputs}", archive.path)
        by_speaker = self.features.normalise == "speaker"
        return self._normalised(archive, None if by_speaker else self.statistics, speaker)

    def normalised_by(
        self, matrices: Mapping[str, Matrix], speaker: Mapping[str, str], by: StatisticsOf | Statistics
    ) -> Normalised:
        """Return the matrices (T, D) of new files, normalised by the statistics that ``by`` names or is.

        Raises InputError for statistics that the model does not have or that do not fit it.
        """
        if self.features.normalise == "none":
            return Normalised(matrices, speaker=speaker)
        if by == "speaker" or by == "own":
            return self._normalised(matrices, None, speaker if by == "speaker" else {name: name for name in matrices})
        used = self.train_statistics() if by == "train" else by
        if len(used.mean) != self.inputs:
            raise InputError(f"statistics of {len(used.mean)} columns do not fit the model's {self.inputs}")
        return Normalised(matrices, shared=used, speaker=speaker)

    def _normalised(
        self, matrices: Mapping[str, Matrix], shared: Statistics | None, speaker: Mapping[str, str]
    ) -> Normalised:
        by_speaker = shared is None and self.features.normalise != "none"
        extractor = extractor_of(self.features)
        return Normalised(matrices, shared=shared, speaker=speaker, by_speaker=by_speaker, extractor=extractor)

    def train_statistics(self) -> Statistics:
        """Return the statistics of train; raises InputError for an older model that does not have them."""
        found = self.of_train or self.statistics
        if found is None:
            what = "this model was trained before models kept the statistics of all of train"
            raise InputError(what, fix="train it again, or choose --statistics own or speaker")
        return found


def build(settings: ModelSettings, sizes: Sizes) -> UnitModel:
    """Return an untrained model."""
    model: UnitModel = registry.models.load(settings.kind)(settings, sizes)
    return model


def save(run: RunFolder, trained: Trained) -> None:
    """Write the weights and their description into the run's folder, each atomically, with their checksums."""
    with sealing(run.weights, run.description):
        _write(run, trained)


def _write(run: RunFolder, trained: Trained) -> None:
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
        "statistics": statistics and statistics.described(),
        "statistics_of_train": trained.of_train and trained.of_train.described(),
        "seed": trained.seed,
        "labels": list(trained.labels),
        "source": trained.source and asdict(trained.source),
    }
    with writing(run.description) as file:
        json.dump(description, file, indent=1, ensure_ascii=False)
        file.write("\n")


def load(run: RunFolder) -> Trained:
    """Read a model from its folder, ready to encode on the CPU; raises InputError for a missing or unsuitable file."""
    for path in (run.description, run.weights):
        checked(path, "unitdisc train --help")
    about = described(run)
    settings, features, text = about.model, about.features, about.content
    try:
        inputs, speakers = int(text["inputs"]), tuple(text["speakers"])
        statistics, of_train = (statistics_in(text.get(key)) for key in ("statistics", "statistics_of_train"))
        seed, labels = int(text["seed"]), tuple(text.get("labels", ()))
        source = None if text.get("source") is None else Source(**text["source"])
        facts = {str(key): str(value) for key, value in dict(text.get("extractor", {})).items()}
        if not 0 < inputs < most_inputs:
            raise ValueError(f"inputs are {inputs}")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise undescribed(run, error, text) from None
    weights = run.weights
    try:
        model = build(settings, Sizes(inputs, len(speakers), len(labels), grid=features.grid))
        tensors = load_file(weights)
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            raise ValueError("some are not finite numbers")
        model.load_state_dict(_present_names(tensors))
    except (OSError, TypeError, SafetensorError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        what, fix = f"does not hold the weights that model.json describes ({reason})", other_version(text)
        raise InputError(what, weights, fix=fix) from None
    return Trained(
        model.eval(), settings, features, inputs, speakers, statistics, seed, labels, source, of_train, facts
    )


def _present_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under their present names; up to version 0.1 the decoder was not part of the objective."""
    present = {}
    for name, weight in weights.items():
        present[re.sub(r"^decoder\.", "objective.decoder.", name).replace(".told.", ".condition.")] = weight
    return present
