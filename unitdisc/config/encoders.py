"""Settings of the encoders: from frames to one vector a token."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from unitdisc.config.section import Section, of_kind

Maps = Annotated[int, Field(ge=1)]


class Encoder(Section):
    """Strided convolutions over time, then optionally a BiLSTM of ``lstm`` units each way."""

    kind: Literal["convolutional"] = "convolutional"
    channels: int = Field(192, ge=1)
    kernels: tuple[int, ...] = (5, 4, 5)
    strides: tuple[int, ...] = (1, 2, 1)
    residual_layers: int = Field(2, ge=0)
    lstm: int = Field(0, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    noise: float = Field(0.0, ge=0)  # deviation of what is added to the frames in training; the clean ones are rebuilt

    @model_validator(mode="after")
    def _same_length(self) -> "Encoder":
        if len(self.kernels) != len(self.strides):
            raise ValueError(
                f"has {len(self.kernels)} kernels and {len(self.strides)} strides, one each a layer wanted"
            )
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            if not 1 <= stride <= kernel or (kernel - stride) % 2:
                # Otherwise the padding is uneven and a token lies beside the middle of its frames.
                raise ValueError(f"kernel {kernel} with stride {stride}: both odd or both even, the kernel not smaller")
        return self


class SpectrogramEncoder(Section):
    """Two convolutions over time and frequency, then ``layers`` BiLSTMs (Deep Speech 2, Amodei et al. 2016).

    The frames are ``planes`` blocks of as many bins one behind the other: static, Δ, ΔΔ. Three frames a token.
    """

    kind: Literal["spectrogram"] = "spectrogram"
    planes: int = Field(3, ge=1)
    maps: int = Field(32, ge=1)
    lstm: int = Field(320, ge=1)
    layers: int = Field(4, ge=1)


class LineImageEncoder(Section):
    """Seven convolutions over a line image of height 32, then two BiLSTMs of ``lstm`` units each way.

    Four columns a token.
    """

    kind: Literal["line-image"] = "line-image"
    maps: tuple[Maps, Maps, Maps, Maps, Maps, Maps, Maps] = (64, 128, 256, 256, 512, 512, 512)
    lstm: int = Field(32, ge=1)


AnyEncoder = Annotated[
    Encoder | SpectrogramEncoder | LineImageEncoder,
    Field(discriminator="kind"),
    BeforeValidator(of_kind("convolutional")),
]
