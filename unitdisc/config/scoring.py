"""Settings of the scores."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from unitdisc.config.section import Section, Split
from unitdisc.errors import nearest
from unitdisc.modality import modalities


class Abx(Section):
    """ABX of features, encoder output, codes and units (docs/abx.md)."""

    splits: tuple[Split, ...] = Field(("test",), description="Splits that are scored.")
    context: Literal["any", "within"] = Field(
        "any",
        description="any compares phones or characters wherever they are; within compares them between the same two "
        "neighbours, as ZeroSpeech does, which takes a corpus of hours.",
    )
    distance: Literal["angular", "euclidean"] = Field("angular", description="Distance between two vectors.")
    max_speakers: int | None = Field(20, ge=1, description="Speakers that are sampled; null for all.")
    max_size_group: int | None = Field(
        10, ge=1, description="Tokens that are sampled per label, context and speaker; null for all."
    )
    max_x_across: int | None = Field(5, ge=1, description="Speakers of x that are sampled per pair; null for all.")
    seed: int = Field(0, ge=0, description="Seed of these samples.")


class Probes(Section):
    """Classifiers of the labels of single frames or tokens, trained on train, stopped on dev, scored on test."""

    hidden: int = Field(256, ge=1, description="Hidden units of the two-layer classifier.")
    epochs: int = Field(30, ge=1, description="Epochs, at most, while the learning rate falls to 0.")
    patience: int = Field(3, ge=1, description="Epochs in a row without gain on dev before training stops.")
    batch: int = Field(256, ge=1, description="Frames or tokens per step.")
    learning_rate: float = Field(5.0e-3, gt=0, description="The learning rate at the start.")
    frames: int = Field(
        100_000, ge=1, description="Frames of train, in whole utterances sampled by the seed; a fifth as many of dev."
    )


class Scoring(Section):
    """How units are scored, besides their usage."""

    bootstrap: int = Field(200, ge=0, description="Resamples of the 95 % intervals; 0 for none.")
    confidence_seed: int = Field(0, ge=0, description="Seed of the resamples.")
    tolerance: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        {name: modality.tolerance for name, modality in modalities.items()},
        description="How far off a boundary may be, by modality: seconds or columns.",
    )
    abx: Abx | None = Field(Abx(), description="ABX at every stage of a run; null for none.")
    probes: Probes | None = Field(None, description="Classifiers at every stage of a run, a minute more.")

    @field_validator("tolerance", mode="before")
    @classmethod
    def _of_every_modality(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        unknown = [str(name) for name in given if name not in modalities]
        if unknown:
            raise ValueError(f"unknown modality {unknown[0]}{nearest(unknown[0], modalities)}")
        return {**{name: modality.tolerance for name, modality in modalities.items()}, **given}
