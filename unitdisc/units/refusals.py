"""What units of images, and tokens with an index of each of several codebooks, cannot be used for, and why."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from unitdisc import registry
from unitdisc.config import FeatureSettings, ModelSettings
from unitdisc.errors import InputError

if TYPE_CHECKING:
    from unitdisc.units.exports.export import Export

time_steps = ("segment", "pieces", "abx")  # these need an order in time
unit_steps = ("segment", "pieces")  # these need one unit a token


def indices_of(model: ModelSettings) -> int:
    """Return how many indices a token has in units.tsv: one, or one of each of many codebooks."""
    return int(getattr(getattr(model.of_weights, "bottleneck", None), "indices", 1))


def refusal(step: str, features: FeatureSettings, indices: int) -> str | None:
    """Return why a step cannot be done with these features and so many indices per token, or None."""
    if step in time_steps and features.grid is not None:
        return f"{step} needs tokens in the order of time, and those of images lie in a grid"
    if step in unit_steps and indices > 1:
        return f"{step} needs one unit per token, and here a token has {indices} indices"
    return None


def is_comparable(features: FeatureSettings) -> bool:
    """Return whether reconstructions of these features can be compared with them: see ``Extractor.compared``."""
    return registry.features.fact(features.kind, "surface") is not None


def refuse(step: str, features: FeatureSettings, indices: int) -> None:
    """Raise InputError where a step cannot be done; see ``refusal``."""
    why = refusal(step, features, indices)
    if why is not None:
        raise InputError(why, fix="docs/exports.md says what can be done with such units")


def fits(format_: "Export | type[Export]", modality: str, indices: int) -> bool:
    """Return whether a format has room for the units of a modality with so many indices per token."""
    return modality in format_.modalities and (indices == 1 or format_.several)


def some_fit(formats: Iterable[str], features: FeatureSettings, indices: int) -> bool:
    """Return whether any of these formats has room for the units; those of one unit per token are not looked at."""
    if features.grid is None and indices == 1:
        return True
    return any(fits(registry.exports.load(name), features.modality.name, indices) for name in formats)


def check_fits(formats: "Mapping[str, Export]", modality: str, indices: int, able: str) -> None:
    """Raise InputError for the first format that has no room for the units; ``able`` names those that have."""
    for name, format_ in formats.items():
        if modality not in format_.modalities:
            raise InputError(f"{name} cannot represent {modality}", fix=f"choose {able}")
        if not fits(format_, modality, indices):
            raise InputError(f"{name} has no room for {indices} indices per token", fix=f"choose {able}")
