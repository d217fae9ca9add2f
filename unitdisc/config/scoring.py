"""Settings of the scores."""

from typing import Literal

from pydantic import Field

from unitdisc.config.section import Section, Split


class Abx(Section):
    """ABX of features, encoder output, codes and units (docs/abx.md); what is drawn bounds the time that it takes.

    ``context`` any compares phones or characters wherever they stand, within compares them with their neighbours and
    between the same two, as ZeroSpeech does, which takes a corpus of hours. ``distance`` is that of vectors.
    """

    splits: tuple[Split, ...] = ("test",)
    context: Literal["any", "within"] = "any"
    distance: Literal["angular", "euclidean"] = "angular"
    max_speakers: int | None = Field(20, ge=1)
    max_size_group: int | None = Field(10, ge=1)
    max_x_across: int | None = Field(5, ge=1)
    seed: int = Field(0, ge=0)


class Probes(Section):
    """Classifiers of the labels of single frames or tokens, trained on train, stopped on dev, scored on test."""

    hidden: int = Field(256, ge=1)  # of the two-layer classifier
    epochs: int = Field(30, ge=1)  # at most, while the learning rate falls to 0
    patience: int = Field(3, ge=1)  # epochs in a row without gain on dev before training stops
    batch: int = Field(256, ge=1)  # frames or tokens
    learning_rate: float = Field(5.0e-3, gt=0)
    frames: int = Field(100_000, ge=1)  # of train, in whole utterances drawn by the seed; a fifth as many of dev


class Tolerance(Section):
    """How far off a boundary may be: in speech in seconds, in handwriting in columns."""

    speech: float = Field(0.02, ge=0, allow_inf_nan=False)
    handwriting: float = Field(2.0, ge=0, allow_inf_nan=False)


class Scoring(Section):
    """How units are scored, besides their usage."""

    bootstrap: int = Field(200, ge=0)
    confidence_seed: int = Field(0, ge=0)
    tolerance: Tolerance = Tolerance()
    abx: Abx | None = Abx()
    probes: Probes | None = None
