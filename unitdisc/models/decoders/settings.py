"""Settings of the decoders, in a module without torch, so that a configuration is checked without loading it."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator

from unitdisc.config import FeatureSettings, PartSettings


class DecoderSettings(PartSettings):
    """Settings of a decoder of this package, with the facts that the class of the decoder has as well."""

    likelihood: ClassVar[bool] = False
    reconstructs: ClassVar[bool] = True


class WindowSettings(DecoderSettings):
    """Convolutions over the codes that reconstruct, conditioned on the speaker, the features around each token."""

    kind: Literal["window"] = "window"
    channels: int = Field(256, ge=1, description="Feature maps of every convolution.")
    layers: int = Field(2, ge=1, description="Number of convolutions.")
    kernel: int = Field(1, ge=1, description="Width of each, in tokens; odd.")
    context: int = Field(3, ge=0, description="Frames on either side of a token that its code reconstructs too.")
    speaker_dim: int = Field(
        32, ge=0, description="Dimensions of the speaker's vector; 0: not conditioned on the speaker."
    )
    jitter: float = Field(
        0.0, ge=0, lt=1, description="Chance in training that a token's code is replaced by a neighbour's."
    )

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even; an odd kernel keeps a token in its middle")
        return kernel


def odd(kernel: int) -> int:
    """Return the width of a kernel; raises ValueError for an even one."""
    if kernel % 2 == 0:
        raise ValueError(f"{kernel} is even; a kernel has a pixel in its middle")
    return kernel


class PixelCNNSettings(DecoderSettings):
    """A gated PixelCNN: the grey level of each pixel, given the pixels before it and the codes.

    The columns are features in [0, 1]; the pixels before are all earlier columns and those above in the same one.
    """

    likelihood = True

    kind: Literal["pixelcnn"] = "pixelcnn"
    channels: int = Field(64, ge=1, description="Feature maps of both stacks.")
    layers: int = Field(7, ge=1, description="Number of gated layers.")
    first_kernel: Annotated[int, AfterValidator(odd)] = Field(7, ge=3, description="Width of the first layer; odd.")
    kernel: Annotated[int, AfterValidator(odd)] = Field(3, ge=3, description="Width of the other layers; odd.")
    levels: int = Field(4, ge=2, le=256, description="Number of grey levels.")

    def objection(self, features: FeatureSettings) -> str | None:
        """Return an objection to features that are not grey levels."""
        if features.grey_levels and features.normalise == "none":
            return None
        return "expects grey levels from 0 to 1: handwriting features with normalise: none"


class ImageDecoderSettings(PartSettings):
    """The encoder `image` mirrored, to a distribution over the 256 levels of each colour of each pixel."""

    likelihood: ClassVar[bool] = True
    reconstructs: ClassVar[bool] = True
    whole_images: ClassVar[bool] = True

    kind: Literal["image"] = "image"
    channels: int = Field(256, ge=1, description="Feature maps of every convolution but the last.")
    residual_blocks: int = Field(2, ge=0, description="Number of residual blocks.")
    residual_channels: int | None = Field(
        None, ge=1, description="Feature maps within each residual block; null: as many as outside."
    )

    def objection(self, features: FeatureSettings) -> str | None:
        """Return an objection to features that are not the levels of an image's colours."""
        if features.grid and features.normalise == "none":
            return None
        return "expects the colours of images: features of kind images with normalise: none"
