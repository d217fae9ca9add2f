"""What the networks of images share: planes of colours from patches, batch norm, and residual blocks.

All tensors (B, C, H, W) are stored with the channels last: convolutions are faster so, and the vectors of tokens are
views of them.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.errors import InputError
from unitdisc.models.batch import Sizes

colours = 3
levels = 256  # values of a colour, from 0


def image_sizes(sizes: Sizes) -> tuple[tuple[int, int], int]:
    """Return the grid (rows, columns) of an image and the height and width of its patches in pixels.

    Raises ValueError for features that are no patches of images.
    """
    patch = math.isqrt(sizes.inputs // colours)
    if sizes.grid is None or sizes.inputs != patch * patch * colours:
        raise ValueError(f"{sizes.inputs} columns are no patches of a colour image")
    return sizes.grid, patch


def pixels(frames: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return patches (B, T, patch² · 3), which go row by row, as the values (B, H, W, 3) of the pixels of the images.

    Raises InputError for another number of patches than an image has.
    """
    rows, columns = grid
    if frames.shape[1] != rows * columns:
        what = f"{frames.shape[1]} patches are no image of {rows} rows of {columns}"
        raise InputError(what, fix=f"set training.chunk to {rows * columns}, or compute the features again")
    patch = math.isqrt(frames.shape[2] // colours)
    squares = frames.reshape(len(frames), rows, columns, patch, patch, colours).transpose(2, 3)
    return squares.reshape(len(frames), rows * patch, columns * patch, colours)


def patches(values: Tensor, patch: int) -> Tensor:
    """Return the patches (B, T, patch² · 3) of images (B, H, W, 3), row by row: what ``pixels`` undoes."""
    count, height, width = values.shape[:3]
    squares = values.reshape(count, height // patch, patch, width // patch, patch, colours).transpose(2, 3)
    return squares.reshape(count, height // patch * (width // patch), patch * patch * colours)


def quantised(values: Tensor) -> Tensor:
    """Return the levels, int64 from 0 to 255, nearest to values that are level / 255 − 0.5."""
    return ((values + 0.5) * (levels - 1)).round_().clamp_(0, levels - 1).long()


def all_whole(mask: Tensor) -> None:
    """Check that no image has padding; raises InputError. A GPU is not asked, which would have to wait for it."""
    if mask.device.type == "cpu" and not torch.compiler.is_compiling() and not bool(mask.all()):
        raise InputError("an image has fewer patches than the others", fix="compute the features again")


class PlaneNorm(MaskedBatchNorm):
    """Batch norm of planes (B, C, H, W), as torch.nn.BatchNorm2d; under torch.distributed over all ranks."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise each channel."""
        normed: Tensor = super().forward(x.permute(0, 2, 3, 1), mask)
        return normed.permute(0, 3, 1, 2)


class ResidualBlock(nn.Module):
    """x + norm(1×1(ReLU(norm(3×3(ReLU(x)))))), convolutions without bias: (B, C, H, W) → (B, C, H, W)."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, inner, 3, padding=1, bias=False)
        self.wide_norm = PlaneNorm(inner)
        self.narrow = nn.Conv2d(inner, channels, 1, bias=False)
        self.narrow_norm = PlaneNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        y = functional.relu(self.wide_norm(self.wide(functional.relu(x))))
        added: Tensor = self.narrow_norm(self.narrow(y))
        return x + added


def halvings(patch: int) -> int:
    """Return how many times a patch is halved to a point; raises ValueError for another height than 2, 4, 8, ..."""
    if patch < 2 or patch & (patch - 1):
        raise ValueError(f"patches of {patch} × {patch} pixels cannot be halved to one token: take 2, 4 or 8")
    return patch.bit_length() - 1
