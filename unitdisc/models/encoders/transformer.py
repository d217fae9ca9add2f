"""An encoder that sees the whole chunk: a strided convolution, then layers of self-attention."""

from typing import Literal

from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.config import PartSettings
from unitdisc.models.padding import even_padding, pad_to_multiple
from unitdisc.models.parts import Encoder


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


class TransformerEncoder(Encoder):
    """ReLU(norm(strided convolution)), plus a depthwise convolution that tells places, then Transformer layers.

    Places are relative, as in wav2vec 2.0 (Baevski et al. 2020). Attention runs over the whole input: memory grows with
    the square of its length, about 0.1 GB a minute of speech at 20 ms a token with 4 heads.
    """

    Settings = TransformerSettings

    def __init__(self, inputs: int, settings: TransformerSettings) -> None:
        super().__init__()
        self.stride, self.outputs = settings.stride, settings.channels
        padding = even_padding(settings.kernel, settings.stride)
        self.entry = nn.Conv1d(inputs, settings.channels, settings.kernel, stride=settings.stride, padding=padding)
        self.norm = MaskedBatchNorm(settings.channels)
        self.places = nn.Conv1d(
            settings.channels,
            settings.channels,
            settings.positions,
            padding=settings.positions // 2,
            groups=settings.channels,
        )
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                settings.channels,
                settings.heads,
                settings.feedforward,
                settings.dropout,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(settings.depth)
        )

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T')."""
        layers, mask = self.layers(frames, mask)
        return layers[-1], mask

    def layers(self, frames: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the outputs (B, T', C) of the convolutions and of each layer, and the mask (B, T')."""
        frames, mask = pad_to_multiple(frames * mask.unsqueeze(2), mask, self.stride)
        x = self.entry(frames.transpose(1, 2)).transpose(1, 2)
        mask = mask.view(len(mask), -1, self.stride).any(dim=2)
        real = mask.unsqueeze(2)
        x = functional.relu(self.norm(x, mask)) * real
        x = (x + functional.gelu(self.places(x.transpose(1, 2)).transpose(1, 2))) * real
        layers = [x]
        for block in self.blocks:
            # A row of padding alone would attend to nothing, and become NaN.
            x = block(x, src_key_padding_mask=~mask & mask.any(dim=1, keepdim=True)) * real
            layers.append(x)
        return layers, mask
