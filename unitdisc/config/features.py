"""Settings of the features."""

from typing import Annotated, Literal

from pydantic import Field

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
