"""Settings of what comes behind the bottleneck: the mixer, the decoders, and what the model learns to do."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from unitdisc.config.section import Section, of_kind


class Mixer(Section):
    """A convolution of width 1 to ``channels``, then residual ones of width 3: what the decoder sees of the codes."""

    channels: int = Field(64, ge=1)
    dilations: tuple[Annotated[int, Field(ge=1)], ...] = (1, 2, 1, 1)


class Decoder(Section):
    """Convolutions over the codes that rebuild, told the speaker, the normalised features around each token."""

    kind: Literal["window"] = "window"
    channels: int = Field(256, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(1, ge=1)  # tokens
    context: int = Field(3, ge=0)  # frames on either side of a token that its code rebuilds too
    speaker_dim: int = Field(32, ge=0)  # 0: the decoder is not told the speaker
    jitter: float = Field(0.0, ge=0, lt=1)  # chance that a token's code is its neighbour's, in training

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even; an odd kernel keeps a token in its middle")
        return kernel


class PixelDecoder(Section):
    """A gated PixelCNN (van den Oord et al. 2016): the grey level of each pixel from those before it and the codes.

    The columns are features in [0, 1]; the pixels before are all earlier columns and those above in the same one.
    """

    kind: Literal["pixelcnn"] = "pixelcnn"
    channels: int = Field(64, ge=1)
    layers: int = Field(7, ge=1)
    first_kernel: int = Field(7, ge=3)
    kernel: int = Field(3, ge=3)
    levels: int = Field(4, ge=2, le=256)

    @field_validator("first_kernel", "kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even; a kernel has a pixel in its middle")
        return kernel


AnyDecoder = Annotated[Decoder | PixelDecoder, Field(discriminator="kind"), BeforeValidator(of_kind("window"))]


class Reconstruction(Section):
    """Rebuild the features: the decoder's loss."""

    kind: Literal["reconstruction"] = "reconstruction"


class Ctc(Section):
    """Recognise the labels, repeats collapsed, from the codes (Graves et al. 2006); ``weight`` of its loss.

    There is no decoder then, and the training wants labels.
    """

    kind: Literal["ctc"] = "ctc"
    weight: float = Field(50.0, gt=0)


AnyObjective = Annotated[Reconstruction | Ctc, Field(discriminator="kind"), BeforeValidator(of_kind("reconstruction"))]
