"""The gated PixelCNN decoder: the grey level of each pixel of a line, given those before it and the codes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.settings import PixelCNNSettings
from unitdisc.models.parts import Decoder


class PixelCNN(Decoder):
    """Autoregressive over columns, and over the pixels of a column from the top (van den Oord et al. 2016).

    Two stacks as in that paper, rotated by 90°: one sees all earlier columns; the other receives the output of the
    first and sees the pixels above in the same column, so that there is no blind spot. Every gate is conditioned on the
    code of its column.
    """

    Settings = PixelCNNSettings
    likelihood = PixelCNNSettings.likelihood

    def __init__(self, width: int, sizes: Sizes, settings: PixelCNNSettings) -> None:
        super().__init__()
        self.stride, self.levels = sizes.stride, settings.levels
        kernels = [settings.first_kernel] + [settings.kernel] * (settings.layers - 1)
        self.layers = nn.ModuleList(
            GatedLayer(1 if first else settings.channels, settings.channels, width, kernel, first=first)
            for first, kernel in ((layer == 0, kernel) for layer, kernel in enumerate(kernels))
        )
        self.output = nn.Sequential(
            nn.ReLU(), nn.Conv2d(settings.channels, settings.channels, 1), nn.ReLU(),
            nn.Conv2d(settings.channels, settings.levels, 1),
        )  # fmt: skip

    def forward(self, codes: Tensor, columns: Tensor) -> Tensor:
        """Return the logits (B, levels, H, T) of the grey levels, from codes (B, T', C) and columns (B, T, H)."""
        grey = 2 * self.quantise(columns).to(codes.dtype) / (self.levels - 1) - 1
        above = earlier = grey.transpose(1, 2).unsqueeze(1)  # (B, 1, H, T)
        per_token = codes.transpose(1, 2).unsqueeze(2)  # (B, C, 1, T')
        for layer in self.layers:
            earlier, above = layer(earlier, above, per_token, self.stride)
        logits: Tensor = self.output(above)
        return logits

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:  # noqa: ARG002 (columns are masked instead)
        """Return the cross-entropy per pixel in nats, over the real columns."""
        per_column = self._per_pixel(codes, batch).mean(1)
        return per_column.masked_fill(~batch.mask, 0).sum() / batch.mask.sum().clamp(min=1)

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return −log p (B,) of the grey levels of each line, and its number of pixels (B,)."""
        per_column = self._per_pixel(codes, batch).double().sum(1)
        return per_column.masked_fill(~batch.mask, 0).sum(1), batch.mask.sum(1) * batch.clean.shape[2]

    def _per_pixel(self, codes: Tensor, batch: Batch) -> Tensor:
        """Return −log p (B, H, T) of the grey level of each pixel."""
        logits = self(codes, batch.clean).float()
        levels = self.quantise(batch.clean).transpose(1, 2)
        return functional.cross_entropy(logits, levels, reduction="none")

    def quantise(self, columns: Tensor) -> Tensor:
        """Return the grey levels, int64 from 0, nearest to values in [0, 1]."""
        return (columns.clamp(0, 1) * (self.levels - 1)).round().long()


class GatedLayer(nn.Module):
    """One layer of both stacks: (earlier columns, pixels above), each (B, C, H, T), and the codes (B, C', 1, T')."""

    def __init__(self, inputs: int, channels: int, codes: int, kernel: int, *, first: bool) -> None:
        super().__init__()
        half = kernel // 2
        self.first = first
        # The column itself, which ``forward`` shifts, and those before it; as many rows as the kernel is high.
        self.earlier_edges = (half, 0, half, half)
        self.earlier = nn.Conv2d(inputs, 2 * channels, (kernel, half + 1))
        # The pixels above and, after the first layer, the pixel itself, whose features depend only on the pixels above.
        self.above_edges = (0, 0, half, 0) if not first else (0, 0, half, -1)
        self.above = nn.Conv2d(inputs, 2 * channels, (half + (not first), 1))
        self.across = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.condition = nn.Conv2d(codes, 4 * channels, 1)
        self.residual = nn.Conv2d(channels, channels, 1)

    def forward(self, earlier: Tensor, above: Tensor, codes: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """Map both stacks; there is one code per ``stride`` columns."""
        condition = self.condition(codes).repeat_interleave(stride, dim=3)[..., : earlier.shape[3]]
        for_earlier, for_above = condition.chunk(2, dim=1)
        up_to_column = self.earlier(functional.pad(earlier, self.earlier_edges))
        # One column to the right, so that a column is predicted from those before it.
        before_column = functional.pad(up_to_column, (1, -1))
        inputs = self.above(functional.pad(above, self.above_edges)) + self.across(before_column) + for_above
        new = self.residual(gated(inputs))
        return gated(up_to_column + for_earlier), new if self.first else above + new


def gated(x: Tensor) -> Tensor:
    """Return tanh of the first half of the channels, times the sigmoid of the second half."""
    value, gate = x.chunk(2, dim=1)
    return torch.tanh(value) * torch.sigmoid(gate)
