"""The encoder of strided convolutions over time."""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.settings import ConvolutionalSettings
from unitdisc.models.padding import even_padding, pad_to_multiple
from unitdisc.models.parts import Encoder
from unitdisc.models.recurrent import run_bilstm


class ConvolutionalEncoder(Encoder):
    """Strided convolutions, residual convolutions, and optionally a BiLSTM.

    The padding is even, so token i is in the middle of its ``stride`` frames; T is padded to a multiple of the stride.
    """

    Settings = ConvolutionalSettings

    def __init__(self, sizes: Sizes, settings: ConvolutionalSettings) -> None:
        super().__init__()
        self.strides, self.stride = settings.strides, prod(settings.strides)
        widths = [sizes.inputs] + [settings.channels] * len(settings.kernels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride=stride, padding=even_padding(kernel, stride))
            for (before, after), kernel, stride in zip(
                pairwise(widths), settings.kernels, settings.strides, strict=True
            )
        )
        self.residual = nn.ModuleList(ResidualLayer(settings.channels) for _ in range(settings.residual_layers))
        self.dropout = nn.Dropout(settings.dropout)
        self.noise = settings.noise
        self.lstm = (
            nn.LSTM(settings.channels, settings.lstm, batch_first=True, bidirectional=True) if settings.lstm else None
        )
        self.outputs = 2 * settings.lstm or settings.channels
        if not settings.lstm:
            self.reach = _reach(settings)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T')."""
        if self.training and self.noise:
            frames = frames + self.noise * torch.randn_like(frames) * mask.unsqueeze(2)
        frames, mask = pad_to_multiple(frames, mask, self.stride)
        x = frames.transpose(1, 2)  # (B, D, T)
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            mask = mask.view(len(mask), -1, stride).any(dim=2)
            # Padding is set to zero after every layer, as beyond the edge, so that it does not reach the real tokens.
            x = functional.relu(convolution(x)) * mask.unsqueeze(1)
        for layer in self.residual:
            x = layer(x) * mask.unsqueeze(1)
        x = self.dropout(x.transpose(1, 2))  # (B, T', C)
        if self.lstm is not None:
            x = run_bilstm(self.lstm, x, mask)
        return x, mask


def _reach(settings: ConvolutionalSettings) -> int:
    """Return how many frames beside its own a token depends on, on either side."""
    reach, frames = 0, 1  # frames: those that a step of the present layer's input stands for
    for kernel, stride in zip(settings.kernels, settings.strides, strict=True):
        reach += even_padding(kernel, stride) * frames
        frames *= stride
    return reach + settings.residual_layers * frames


class ResidualLayer(nn.Module):
    """ReLU(x + convolution of width 1 of ReLU(convolution of width 3 of x)): (B, C, T) → (B, C, T)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 3, padding=1)
        self.narrow = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to the same shape."""
        y: Tensor = self.narrow(functional.relu(self.wide(x)))
        return functional.relu(x + y)
