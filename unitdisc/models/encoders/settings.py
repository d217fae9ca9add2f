"""Settings of the encoders, in a module without torch, so that a configuration is checked without loading it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.config import FeatureSettings, PartSettings
from unitdisc.models.padding import even_padding


class ConvolutionalSettings(PartSettings):
    """Strided convolutions over time, residual convolutions, then optionally a BiLSTM."""

    kind: Literal["convolutional"] = "convolutional"
    channels: int = Field(192, ge=1, description="Feature maps of every convolution.")
    kernels: tuple[int, ...] = Field((5, 4, 5), description="Width of each strided convolution, in its input's frames.")
    strides: tuple[int, ...] = Field(
        (1, 2, 1), description="Stride of each; their product is the number of frames per token."
    )
    residual_layers: int = Field(2, ge=0, description="Number of residual layers, of width 3.")
    lstm: int = Field(0, ge=0, description="Units of a BiLSTM, each way; 0 for none.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before the BiLSTM or the bottleneck.")
    noise: float = Field(
        0.0, ge=0, description="Deviation of noise added to the frames in training; the clean frames are reconstructed."
    )

    @model_validator(mode="after")
    def _same_length(self) -> "ConvolutionalSettings":
        if len(self.kernels) != len(self.strides):
            raise ValueError(
                f"has {len(self.kernels)} kernels and {len(self.strides)} strides, one of each per layer wanted"
            )
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            even_padding(kernel, stride)
        return self


class DilatedSettings(PartSettings):
    """A strided convolution and residual blocks of dilated convolutions over time, with batch norm and dropout."""

    kind: Literal["dilated"] = "dilated"
    channels: int = Field(192, ge=1, description="Feature maps of every convolution.")
    planes: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (),
        description="Feature maps of convolutions over time and over the columns of the features, which come first; "
        "each halves the columns. For lines of ink.",
    )
    kernel: int = Field(6, ge=1, description="Frames that the strided convolution sees; odd or even as the stride is.")
    stride: int = Field(2, ge=1, description="Frames per token.")
    dilations: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 1, 2, 4, 8), description="The dilation of each block's convolution, which sees three tokens so far apart."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout within each block.")
    skip: int | None = Field(
        None,
        ge=0,
        description="Put the mean frames of each token, and of so many tokens on either side, beside the last block's "
        "output; null: none.",
    )

    @model_validator(mode="after")
    def _even_padding(self) -> "DilatedSettings":
        even_padding(self.kernel, self.stride)
        return self


class TransformerSettings(PartSettings):
    """A strided convolution, a wide one that tells a token its place, and Transformer layers (Vaswani et al. 2017)."""

    kind: Literal["transformer"] = "transformer"
    channels: int = Field(192, ge=1, description="Width of the vectors.")
    kernel: int = Field(6, ge=1, description="Frames that the strided convolution sees; odd or even as the stride is.")
    stride: int = Field(2, ge=1, description="Frames per token.")
    depth: int = Field(4, ge=1, description="Number of layers.")
    heads: int = Field(4, ge=1, description="Attention heads, which share the width evenly.")
    feedforward: int = Field(512, ge=1, description="Width of the hidden layer of each layer.")
    positions: int = Field(31, ge=1, description="Tokens that the convolution of places sees; odd.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout within each layer.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> "TransformerSettings":
        even_padding(self.kernel, self.stride)
        if self.channels % self.heads:
            raise ValueError(f"{self.channels} channels cannot be shared evenly by {self.heads} heads")
        if self.positions % 2 == 0:
            raise ValueError(f"positions {self.positions} is even; an odd number keeps a token in its middle")
        return self


class SpectrogramSettings(PartSettings):
    """Convolutions over time and frequency, then BiLSTMs (Deep Speech 2, Amodei et al. 2016); 3 frames per token."""

    kind: Literal["spectrogram"] = "spectrogram"
    planes: int = Field(3, ge=1, description="Blocks of equally many bins that make up a frame: static, Δ, ΔΔ.")
    maps: int = Field(32, ge=1, description="Feature maps of both convolutions.")
    lstm: int = Field(320, ge=1, description="Units of each BiLSTM, each way.")
    layers: int = Field(4, ge=1, description="Number of BiLSTMs.")


Maps = Annotated[int, Field(ge=1)]


class LineImageSettings(PartSettings):
    """Seven convolutions over a line image of height 32, then two BiLSTMs; 4 columns per token."""

    kind: Literal["line-image"] = "line-image"
    maps: tuple[Maps, Maps, Maps, Maps, Maps, Maps, Maps] = Field(
        (64, 128, 256, 256, 512, 512, 512), description="Feature maps of each convolution."
    )
    lstm: int = Field(32, ge=1, description="Units of each BiLSTM, each way.")


class ImageEncoderSettings(PartSettings):
    """Strided convolutions over an image of patches of 2, 4 or 8 pixels, then residual blocks; a token per patch."""

    whole_images: ClassVar[bool] = True

    kind: Literal["image"] = "image"
    channels: int = Field(256, ge=1, description="Feature maps of every convolution but the last.")
    residual_blocks: int = Field(2, ge=0, description="Number of residual blocks.")
    residual_channels: int | None = Field(
        None, ge=1, description="Feature maps within each residual block; null: as many as outside."
    )
    outputs: int = Field(256, ge=1, description="Feature maps of the last convolution: numbers per token.")

    def objection(self, features: FeatureSettings) -> str | None:
        """Return an objection to features that are no images."""
        return None if features.grid else "expects patches of images: features of kind images"
