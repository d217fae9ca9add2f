"""A codebook that somebody else made, on stacked frames as k-means has them."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from unitdisc.config import StackedFrames
from unitdisc.formats.centroids import shape_of
from unitdisc.models.kmeans import KMeans


class CodebookSettings(StackedFrames):
    """The centroids of a file; the unit of a token is the nearest of them."""

    title = "given codebook"

    kind: Literal["codebook"] = "codebook"
    path: Path = Field(description="The centroids (K, D), in an .npy, .npz or .safetensors file.")
    array: str | None = Field(
        None, description="Which array of the file, by its name; null: the only one that is a matrix."
    )
    codewords: int | None = Field(None, ge=1, description="Number of units, K; null: as the file has them.")

    @model_validator(mode="after")
    def _codewords_resolved(self) -> "CodebookSettings":
        """Read how many centroids there are, so that whatever needs the number need not open the file."""
        if self.codewords is None:
            object.__setattr__(self, "codewords", shape_of(self.path, self.array)[0])
        return self

    @property
    def units(self) -> int:
        """The number of units of the model."""
        return self.codewords or 0

    @property
    def files(self) -> tuple[Path, ...]:
        """The file of the centroids."""
        return (self.path,)


class Codebook(KMeans):
    """A given codebook (K, (2 · context + 1) · D) of stacked frames."""

    Settings = CodebookSettings
    trained_by = "unitdisc.training.given_codebook:train"
