"""Settings of the features."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from unitdisc.config.section import Section


class SpeechFeatures(Section):
    """Kaldi-compatible features of recordings; times in milliseconds, rates in Hz."""

    kind: Literal["speech"] = "speech"
    type: Literal["fbank", "mfcc"] = "fbank"
    bins: int = Field(80, ge=3)
    coefficients: int = Field(13, ge=1)  # of an MFCC
    energy: bool = True
    deltas: Literal[0, 1, 2] = 0
    frame_length: float = Field(25.0, gt=0)
    frame_shift: float = Field(10.0, gt=0)
    sample_rate: int = Field(16000, gt=0)
    normalise: Literal["none", "global", "speaker"] = "speaker"
    shard: int = Field(200, ge=1)  # utterances computed and stored at once

    @model_validator(mode="after")
    def _whole_samples(self) -> "SpeechFeatures":
        shift, length = (each * self.sample_rate / 1000 for each in (self.frame_shift, self.frame_length))
        if abs(shift - round(shift)) > 1e-6 or shift < 1:
            raise ValueError(
                f"frame_shift {self.frame_shift:g} ms is {shift:g} samples at {self.sample_rate} Hz, and not a whole "
                "number of them: frames would drift away from the labels"
            )
        if length < 2:
            raise ValueError(f"frame_length {self.frame_length:g} ms is less than two samples at {self.sample_rate} Hz")
        if self.type == "mfcc" and self.coefficients > self.bins:
            raise ValueError(f"{self.coefficients} coefficients cannot be had of {self.bins} bins")
        return self


class HandwritingFeatures(Section):
    """Columns of a line image scaled to height 32, ink in [0, 1]."""

    kind: Literal["handwriting"] = "handwriting"
    normalise: Literal["none", "global", "speaker"] = "none"
    shard: int = Field(200, ge=1)


class PrecomputedFeatures(Section):
    """The matrices of a Kaldi feats.scp as they are; frame_shift in milliseconds."""

    kind: Literal["precomputed"] = "precomputed"
    frame_shift: float = Field(10.0, gt=0)
    normalise: Literal["none", "global", "speaker"] = "none"
    shard: int = Field(200, ge=1)


def seconds_or_columns(features: "SpeechFeatures | HandwritingFeatures | PrecomputedFeatures") -> float:
    """Return the shift between two frames: seconds for speech, one column for handwriting."""
    return 1.0 if isinstance(features, HandwritingFeatures) else features.frame_shift / 1000


AnyFeatures = Annotated[SpeechFeatures | HandwritingFeatures | PrecomputedFeatures, Field(discriminator="kind")]
