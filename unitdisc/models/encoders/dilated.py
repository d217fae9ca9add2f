"""An encoder with a wide view: a strided convolution, then residual blocks of dilated convolutions."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.plane_convolution import PlaneConvolution
from unitdisc.models.encoders.settings import DilatedSettings
from unitdisc.models.padding import even_padding, pad_to_multiple
from unitdisc.models.parts import Encoder


class DilatedEncoder(Encoder):
    """ReLU(norm(strided convolution)), then residual blocks; token i is in the middle of its ``stride`` frames."""

    Settings = DilatedSettings

    def __init__(self, sizes: Sizes, settings: DilatedSettings) -> None:
        super().__init__()
        self.stride, self.skip, inputs = settings.stride, settings.skip, sizes.inputs
        self.outputs = settings.channels + (0 if self.skip is None else inputs * (2 * self.skip + 1))
        if inputs % 2 ** len(settings.planes):
            raise ValueError(f"{inputs} columns cannot be halved {len(settings.planes)} times (encoder.planes)")
        self.planes = nn.ModuleList(
            PlaneConvolution(before, after, kernel=(3, 4), stride=(1, 2), padding=1, activation=nn.ReLU())
            for before, after in pairwise([1, *settings.planes])
        )
        width = inputs if not settings.planes else settings.planes[-1] * inputs // 2 ** len(settings.planes)
        padding = even_padding(settings.kernel, settings.stride)
        self.entry = nn.Conv1d(width, settings.channels, settings.kernel, stride=settings.stride, padding=padding)
        self.norm = MaskedBatchNorm(settings.channels)
        self.blocks = nn.ModuleList(
            DilatedBlock(settings.channels, dilation, settings.dropout) for dilation in settings.dilations
        )
        beside = max(sum(settings.dilations), settings.skip or 0)  # tokens
        self.reach = len(settings.planes) + padding + beside * settings.stride  # a plane's kernel is three frames wide

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T')."""
        layers, mask = self.layers(frames, mask)
        return layers[-1], mask

    def layers(self, frames: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the outputs (B, T', C) of the strided convolution and of each block, and the mask (B, T').

        With a skip, the last block's output is followed by the same with frames beside it.
        """
        means = None if self.skip is None else token_means(frames, mask, self.stride)
        frames, mask = pad_to_multiple(frames * mask.unsqueeze(2), mask, self.stride)
        x = self.entry(self._planes(frames, mask)).transpose(1, 2)
        mask = mask.view(len(mask), -1, self.stride).any(dim=2)
        # Padding is set to zero after every layer, as beyond the edge, so that it does not reach the real tokens.
        x = functional.relu(self.norm(x, mask)) * mask.unsqueeze(2)
        layers = [x]
        for block in self.blocks:
            x = block(x, mask)
            layers.append(x)
        if means is not None and self.skip is not None:
            layers.append(torch.cat([x, with_neighbours(means, self.skip)], dim=2) * mask.unsqueeze(2))
        return layers, mask

    def _planes(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return the input (B, C, T) of the strided convolution."""
        if not self.planes:
            return frames.transpose(1, 2)
        x = frames.unsqueeze(1)  # (B, 1, T, H)
        for plane in self.planes:
            x, _ = plane(x, mask)
        return x.transpose(2, 3).flatten(1, 2)


def token_means(frames: Tensor, mask: Tensor, stride: int) -> Tensor:
    """Return the mean (B, T', D) of the real frames of each token, given frames (B, T, D) and their mask (B, T)."""
    frames, mask = pad_to_multiple(frames * mask.unsqueeze(2), mask, stride)
    sums = frames.view(len(frames), -1, stride, frames.shape[2]).sum(dim=2)
    return sums / mask.view(len(mask), -1, stride).sum(dim=2, keepdim=True).clamp(min=1)


def with_neighbours(tokens: Tensor, reach: int) -> Tensor:
    """Return tokens (B, T', D) with their neighbours (B, T', (2 · reach + 1) · D); beyond the edges is zero."""
    padded = functional.pad(tokens, (0, 0, reach, reach))
    return padded.unfold(1, 2 * reach + 1, 1).flatten(2)


class DilatedBlock(nn.Module):
    """ReLU(x + norm(linear(dropout(ReLU(norm(dilated convolution of x)))))): (B, T, C) → (B, T, C)."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.wide_norm = MaskedBatchNorm(channels)
        self.dropout = nn.Dropout(dropout)
        self.narrow = nn.Linear(channels, channels, bias=False)
        self.narrow_norm = MaskedBatchNorm(channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, T, C), zero on padding, to the same shape; ``mask`` (B, T) is true on real tokens."""
        y = self.wide(x.transpose(1, 2)).transpose(1, 2)
        y = self.dropout(functional.relu(self.wide_norm(y, mask)))
        y = self.narrow_norm(self.narrow(y), mask)
        return functional.relu(x + y) * mask.unsqueeze(2)
