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
        description="any compares phones or characters in all contexts; within compares those with the same two "
        "neighbours, as ZeroSpeech does, which needs a corpus of hours.",
    )
    distance: Literal["angular", "euclidean"] = Field("angular", description="Distance between two vectors.")
    max_speakers: int | None = Field(20, ge=1, description="Maximum number of speakers, sampled; null for all.")
    max_size_group: int | None = Field(
        10, ge=1, description="Maximum number of tokens per label, context and speaker, sampled; null for all."
    )
    max_x_across: int | None = Field(
        5, ge=1, description="Maximum number of speakers of x per pair, sampled; null for all."
    )
    seed: int = Field(0, ge=0, description="Seed of these samples.")


class Probes(Section):
    """Classifiers of single frames or tokens: trained on train, stopped early by dev, scored on test."""

    speakers: bool = Field(False, description="Classify speakers or writers as well as labels.")
    hidden: int = Field(256, ge=1, description="Hidden units of the two-layer classifier.")
    epochs: int = Field(30, ge=1, description="Maximum number of epochs, over which the learning rate falls to 0.")
    patience: int = Field(3, ge=1, description="Consecutive epochs without a gain on dev after which training stops.")
    batch: int = Field(256, ge=1, description="Frames or tokens per step.")
    learning_rate: float = Field(5.0e-3, gt=0, description="The learning rate at the start.")
    frames: int = Field(
        100_000,
        ge=1,
        description="Frames of train, in whole utterances sampled by the seed; a fifth of this number of dev.",
    )


class Fidelity(Section):
    """How much of recordings, lines and images reconstructions keep, of dev and test (docs/reconstruction.md)."""

    utterances: int | None = Field(
        100, ge=1, description="Utterances of each split that are reconstructed, sampled by the seed; null for all."
    )
    targets: int = Field(
        4, ge=0, description="Other speakers or writers of train that each is converted to; 0 for no conversion."
    )
    frames: int = Field(
        50_000, ge=1, description="Frames of train, in whole utterances sampled by the seed, to train classifiers on."
    )


class Scoring(Section):
    """How units are scored, besides their usage."""

    bootstrap: int = Field(200, ge=0, description="Bootstrap resamples for the 95 % intervals; 0 for no intervals.")
    confidence_seed: int = Field(0, ge=0, description="Seed of the resamples.")
    tolerance: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        {name: modality.tolerance for name, modality in modalities.items()},
        description="Tolerance of boundary scores, by modality: seconds, columns or patches.",
    )
    abx: Abx | None = Field(Abx(), description="ABX at every stage of a run; null for none.")
    probes: Probes | None = Field(
        None, description="Classifiers at every stage of a run, which take about a minute more; null for none."
    )

    fidelity: Fidelity | None = Field(
        None, description="Errors of reconstruction, and what of labels and voices it keeps; null for none."
    )

    @field_validator("tolerance", mode="before")
    @classmethod
    def _of_every_modality(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        unknown = [str(name) for name in values if name not in modalities]
        if unknown:
            raise ValueError(f"unknown modality {unknown[0]}{nearest(unknown[0], modalities)}")
        return {**{name: modality.tolerance for name, modality in modalities.items()}, **values}
