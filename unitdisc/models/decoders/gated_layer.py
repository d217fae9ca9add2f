"""A layer of the gated PixelCNN."""

import torch
from torch import Tensor, nn
from torch.nn import functional


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
