"""Settings of what is made from the units."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from unitdisc import registry
from unitdisc.config.section import Section
from unitdisc.errors import nearest

UnitsFrom = Literal["encoded", "segmented"]
Repeats = Literal["keep", "collapse"]


class Exports(Section):
    """The formats in which the units of every run are written."""

    formats: tuple[str, ...] = Field((), description="Names of formats (docs/exports.md); none by default.")
    repeats: Literal["keep", "collapse", "both"] = Field(
        "keep", description="Repeats of a unit: kept, collapsed, or a folder of each."
    )
    units: UnitsFrom = Field("encoded", description="Units as encoded, or as the segmentation leaves them.")

    @field_validator("formats")
    @classmethod
    def _known(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for name in formats:
            if name not in registry.exports:
                raise ValueError(f"unknown format {name!r}{nearest(name, registry.exports.kinds)}")
        return formats


class Segmentation(Section):
    """Fewer, longer segments, by a price per segment."""

    weight: float = Field(
        1.5, ge=0, description="Price of a segment; the default was chosen on dev of the samples (docs/exports.md)."
    )
    relative: bool = Field(
        True, description="The price is `weight` times the mean squared distance to a codeword, or `weight` itself."
    )


class Pieces(Section):
    """Frequent sequences of collapsed units as pieces of a vocabulary."""

    algorithm: Literal["bpe", "unigram"] = Field("bpe", description="How sentencepiece trains.")
    vocabulary: int = Field(1000, ge=2, description="Size of the vocabulary.")
    longest: int = Field(16, ge=1, le=512, description="Units of the longest piece.")
    units: UnitsFrom = Field("encoded", description="Units as encoded, or as the segmentation leaves them.")
    words: dict[str, Path] = Field(
        {},
        description="By corpus: a file of word times to score the pieces against (CTM, TextGrid, or labels.tsv), in "
        "place of the corpus's own.",
    )
