"""Convolutions over time and a second axis, frequency or height, that ignore padding in time."""

from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm


class PlaneConvolution(nn.Module):
    """Convolution, batch norm over real frames, activation: (B, C, T, H) → (B, C', T / stride, H').

    ``kernel`` and ``stride`` are (time, height), ``padding`` is that of the height. Time is padded so that output step
    i is in the middle of its ``stride`` frames, or half a frame before it if only one of kernel and stride is odd.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: int,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        self.stride = stride[0]
        after = (kernel[0] - stride[0]) // 2
        self.edges = (padding, padding, kernel[0] - stride[0] - after, after)
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride)
        self.norm = MaskedBatchNorm(outputs)
        self.activation = activation

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (B, C, T, H), T a multiple of the stride, and the mask (B, T) of real frames; others become zero."""
        mask = mask.view(len(mask), -1, self.stride).any(dim=2)
        x = self.convolution(functional.pad(x, self.edges)).permute(0, 2, 3, 1)  # (B, T, H, C)
        x = self.norm(x, mask.unsqueeze(2).expand(x.shape[:3]))
        x = self.activation(x) * mask[:, :, None, None]
        return x.permute(0, 3, 1, 2), mask
