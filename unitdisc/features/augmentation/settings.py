"""Settings of the augmentations, in a module without torch, so that a configuration is checked without loading it."""

from typing import Literal

from pydantic import Field

from unitdisc.config import FeatureSettings, PartSettings
from unitdisc.features.speech import SpeechSettings


class VocalTractSettings(PartSettings):
    """Warp the frequencies of speech as another vocal tract would, and add noise and an offset."""

    kind: Literal["vocal-tract"] = "vocal-tract"
    warp: float = Field(
        0.16, ge=0, lt=0.5, description="Frequencies are multiplied by a factor between 1 / (1 + warp) and 1 + warp."
    )
    stretch: float = Field(
        0.0, ge=0, lt=1, description="Most change of the speaking rate, as the logarithm of the factor."
    )
    noise: float = Field(0.1, ge=0, description="Deviation of the noise added to every number.")
    offset: float = Field(
        0.2, ge=0, description="Deviation of what is added to a column throughout a chunk, as gain and channel do."
    )

    def objection(self, features: FeatureSettings) -> str | None:
        """Return why the features cannot be warped, or None."""
        return None if isinstance(features, SpeechSettings) else "warps features of kind speech only"


class PenSettings(PartSettings):
    """Write a line as another pen and hand would: slanted, scaled, shifted, bent, thicker, thinner or blurred."""

    kind: Literal["pen"] = "pen"
    shear: float = Field(0.3, ge=0, description="Most columns by which a row is moved against the next.")
    height: float = Field(0.15, ge=0, lt=1, description="Most change of height, as the logarithm of the factor.")
    stretch: float = Field(0.12, ge=0, lt=1, description="Most change of length, as the logarithm of the factor.")
    shift: float = Field(1.5, ge=0, description="Most rows by which a line is moved up or down.")
    elastic: float = Field(0.7, ge=0, description="Deviation, in pixels, of smooth random displacements.")
    stroke: float = Field(
        0.7, ge=0, le=1, description="How far half of the chunks go towards a thicker, thinner or blurred stroke."
    )
    noise: float = Field(0.1, ge=0, description="Deviation of the noise added to every pixel.")
    offset: float = Field(0.05, ge=0, description="Deviation of what is added to a row throughout a chunk.")

    def objection(self, features: FeatureSettings) -> str | None:
        """Return why the features cannot be changed like ink, or None."""
        ink = features.grey_levels and features.normalise == "none"
        return None if ink else "changes lines of ink, features in [0, 1], only"
