"""The input of a model: a batch of chunks."""

from dataclasses import dataclass

import torch
from torch import Tensor

unlabelled = -1  # label of a frame without one
untrusted = -2  # label of a frame whose label is not known


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames (B, T, D), the mask (B, T) of the real ones, and speaker indices (B,), −1 for an unknown speaker.

    ``labels`` (B, T), where an objective needs them, are those of the frames: indices, ``unlabelled`` or ``untrusted``.
    """

    frames: Tensor
    mask: Tensor
    speaker: Tensor
    labels: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        frames, mask, speaker = (x.to(device, non_blocking=True) for x in (self.frames, self.mask, self.speaker))
        labels = None if self.labels is None else self.labels.to(device, non_blocking=True)
        return Batch(frames, mask, speaker, labels)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that the parts of a model must fit: feature columns, speakers, labels, and frames per token."""

    inputs: int
    speakers: int = 1
    labels: int = 0
    stride: int = 1
