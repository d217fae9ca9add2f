"""Padding of batches in time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def pad_to_multiple(frames: "Tensor", mask: "Tensor", stride: int) -> "tuple[Tensor, Tensor]":
    """Pad frames (B, T, D) and mask (B, T) to a multiple of ``stride``, with frames that are not real."""
    from torch.nn import functional

    missing = -frames.shape[1] % stride
    if not missing:
        return frames, mask
    return functional.pad(frames, (0, 0, 0, missing)), functional.pad(mask, (0, missing))


def even_padding(kernel: int, stride: int) -> int:
    """Return the padding on either side with which a token is in the middle of its ``stride`` frames.

    Raises ValueError where there is none: otherwise the padding would be uneven.
    """
    if not 1 <= stride <= kernel or (kernel - stride) % 2:
        raise ValueError(f"kernel {kernel} with stride {stride}: both odd or both even, the kernel not smaller")
    return (kernel - stride) // 2
