"""Padding of batches in time."""

from torch import Tensor
from torch.nn import functional


def pad_to_multiple(frames: Tensor, mask: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Pad frames (B, T, D) and mask (B, T) to a multiple of ``stride``, with frames that are not real."""
    missing = -frames.shape[1] % stride
    if not missing:
        return frames, mask
    return functional.pad(frames, (0, 0, 0, missing)), functional.pad(mask, (0, missing))
