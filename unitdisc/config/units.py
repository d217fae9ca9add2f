"""Settings of the encoding, and of exports, segmentation and acoustic pieces of the units."""

from pathlib import Path

from pydantic import Field, field_validator

from unitdisc import registry
from unitdisc.choices import Device, PieceAlgorithm, RepeatsWritten, UnitsFrom
from unitdisc.config.section import Section
from unitdisc.errors import nearest


class Encoding(Section):
    """How features become units."""

    device: Device = Field(
        "cpu",
        description="auto uses a GPU if there is one, and encodes utterances of about the same length together; units "
        "halfway between two codewords may then differ from those of a CPU.",
    )


class Exports(Section):
    """The formats in which the units of every run are written."""

    formats: tuple[str, ...] = Field((), description="Names of formats (docs/exports.md); none by default.")
    repeats: RepeatsWritten = Field("keep", description="Repeats of a unit: kept, collapsed, or one folder for each.")
    units: UnitsFrom = Field("encoded", description="Units as encoded, or after the segmentation.")
    language: str | None = Field(
        None,
        pattern="^[a-z]{3}$",
        description="Code (ISO 639-3) in the file names of `discophon`, for a corpus that is none of DiscoPhon's.",
    )

    @field_validator("formats")
    @classmethod
    def _known(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for name in formats:
            if name not in registry.exports:
                raise ValueError(f"unknown format {name!r}{nearest(name, registry.exports.kinds)}")
        return formats


class Segmentation(Section):
    """Fewer, longer segments, by a penalty per segment."""

    weight: float = Field(
        1.5, ge=0, description="Penalty per segment; the default was chosen on dev of the samples (docs/exports.md)."
    )
    relative: bool = Field(
        True, description="The penalty is `weight` times the mean squared distance to codewords, or `weight` itself."
    )


class Pieces(Section):
    """Frequent sequences of collapsed units as pieces of a vocabulary."""

    algorithm: PieceAlgorithm = Field("bpe", description="Algorithm of sentencepiece.")
    vocabulary: int = Field(1000, ge=2, description="Size of the vocabulary.")
    longest: int = Field(16, ge=1, le=512, description="Maximum number of units in a piece.")
    most_units: int = Field(
        10_000_000,
        ge=1,
        description="Maximum number of collapsed units to train on; of more, utterances are drawn with the run's seed.",
    )
    units: UnitsFrom = Field("encoded", description="Units as encoded, or after the segmentation.")
    words: dict[str, Path] = Field(
        {},
        description="By corpus: a file of word times to score the pieces against (CTM, TextGrid, or labels.tsv), "
        "instead of those of the corpus.",
    )
