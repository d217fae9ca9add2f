"""What a model is given: a batch of chunks."""

from dataclasses import dataclass

import torch
from torch import Tensor

unlabelled = -1  # of a frame: nothing is said there
untrusted = -2  # of a frame: something is said there, and it is not known what


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames (B, T, D), the mask (B, T) of those that are real, speaker numbers (B,), −1 for an unknown one.

    ``labels`` (B, T) are those of the frames, where an objective needs them: numbers, ``unlabelled`` or ``untrusted``.
    """

    frames: Tensor
    mask: Tensor
    speaker: Tensor
    labels: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        frames, mask, speaker = (each.to(device, non_blocking=True) for each in (self.frames, self.mask, self.speaker))
        labels = None if self.labels is None else self.labels.to(device, non_blocking=True)
        return Batch(frames, mask, speaker, labels)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the parts of a model must fit: columns of the features, speakers, labels, frames per token."""

    inputs: int
    speakers: int = 1
    labels: int = 0
    stride: int = 1
