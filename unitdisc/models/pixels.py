"""The gated PixelCNN decoder: the grey level of each pixel of a line, given those before it and the codes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import PixelDecoder as Settings


class PixelDecoder(nn.Module):
    """Autoregressive over columns, and over the pixels of a column from the top (van den Oord et al. 2016).

    Two stacks as in that paper, turned by a right angle: one sees all earlier columns, the other, which is told what
    the first one found, the pixels above in its own column, so that there is no blind spot. Every gate is told the
    code of its column.
    """

    def __init__(self, inputs: int, stride: int, settings: Settings) -> None:
        super().__init__()
        self.stride, self.levels = stride, settings.levels
        kernels = [settings.first_kernel] + [settings.kernel] * (settings.layers - 1)
        self.layers = nn.ModuleList(
            GatedLayer(1 if first else settings.channels, settings.channels, inputs, kernel, first=first)
            for first, kernel in ((place == 0, kernel) for place, kernel in enumerate(kernels))
        )
        self.output = nn.Sequential(
            nn.ReLU(), nn.Conv2d(settings.channels, settings.channels, 1), nn.ReLU(),
            nn.Conv2d(settings.channels, settings.levels, 1),
        )  # fmt: skip

    def forward(self, codes: Tensor, columns: Tensor) -> Tensor:
        """Return the logits (B, levels, H, T) of the grey levels, from codes (B, T', C) and columns (B, T, H)."""
        grey = 2 * self.quantise(columns).to(codes.dtype) / (self.levels - 1) - 1
        above = earlier = grey.transpose(1, 2).unsqueeze(1)  # (B, 1, H, T)
        told = codes.transpose(1, 2).unsqueeze(2)  # (B, C, 1, T')
        for layer in self.layers:
            earlier, above = layer(earlier, above, told, self.stride)
        logits: Tensor = self.output(above)
        return logits

    def loss(self, codes: Tensor, frames: Tensor, mask: Tensor) -> Tensor:
        """Return the cross-entropy of a pixel in nats, over the columns (B, T, H) whose mask (B, T) is true."""
        logits = self(codes, frames).float()
        each = functional.cross_entropy(logits, self.quantise(frames).transpose(1, 2), reduction="none").mean(1)
        return each.masked_fill(~mask, 0).sum() / mask.sum().clamp(min=1)

    def quantise(self, columns: Tensor) -> Tensor:
        """Return the grey levels, int64 from 0, nearest to values in [0, 1]."""
        return (columns.clamp(0, 1) * (self.levels - 1)).round().long()


class GatedLayer(nn.Module):
    """One layer of both stacks: (earlier columns, pixels above), each (B, C, H, T), and the codes (B, C', 1, T')."""

    def __init__(self, inputs: int, channels: int, codes: int, kernel: int, *, first: bool) -> None:
        super().__init__()
        half = kernel // 2
        self.first = first
        # The earlier columns: as many rows as the kernel is high, up to the column itself, which ``above`` never sees.
        self.earlier_edges = (half, 0, half, half)
        self.earlier = nn.Conv2d(inputs, 2 * channels, (kernel, half + 1))
        # The pixels above, and behind the first layer the pixel itself, whose features know only what lies above it.
        self.above_edges = (0, 0, half, 0) if not first else (0, 0, half, -1)
        self.above = nn.Conv2d(inputs, 2 * channels, (half + (not first), 1))
        self.across = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.told = nn.Conv2d(codes, 4 * channels, 1)
        self.residual = nn.Conv2d(channels, channels, 1)

    def forward(self, earlier: Tensor, above: Tensor, codes: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """Map both stacks; ``stride`` columns have one code."""
        told = self.told(codes).repeat_interleave(stride, dim=3)[..., : earlier.shape[3]]
        told_earlier, told_above = told.chunk(2, dim=1)
        found = self.earlier(functional.pad(earlier, self.earlier_edges))
        # One column to the right: what is found up to a column tells the next one.
        before = functional.pad(found, (1, -1))
        own = self.above(functional.pad(above, self.above_edges)) + self.across(before) + told_above
        new = self.residual(gated(own))
        return gated(found + told_earlier), new if self.first else above + new


def gated(x: Tensor) -> Tensor:
    """Return tanh of the first half of the channels times the sigmoid of the second."""
    value, gate = x.chunk(2, dim=1)
    return torch.tanh(value) * torch.sigmoid(gate)
