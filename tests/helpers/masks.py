"""Masks of padded batches."""

import torch
from torch import Tensor


def real_frames(lengths: Tensor, longest: int) -> Tensor:
    """The mask (B, T) that is true on the first ``lengths`` (B,) of T = ``longest`` frames."""
    return torch.arange(longest) < lengths.unsqueeze(1)
