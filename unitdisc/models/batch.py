"""The input of a model: a batch of chunks."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

unlabelled = -1  # label of a frame without one
untrusted = -2  # label of a frame whose label is not known


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames (B, T, D), the mask (B, T) of the real ones, and speaker indices (B,), −1 for an unknown speaker.

    ``labels`` (B, T), where an objective needs them, are those of the frames: indices, ``unlabelled`` or ``untrusted``.
    ``active`` (B, T) marks the frames that codewords are fitted to and that a loss may weigh more; None stands for all.
    ``hidden`` (B, T) marks frames that the encoder does not see, and ``original`` are the frames (B, T, D) before they
    were changed, where they were.
    """

    frames: Tensor
    mask: Tensor
    speaker: Tensor
    labels: Tensor | None = None
    active: Tensor | None = None
    hidden: Tensor | None = None
    original: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        moved: dict[str, Any] = {
            name: part if part is None else part.to(device, non_blocking=True) for name, part in parts
        }
        return Batch(**moved)

    def changed(self, frames: Tensor, source: Tensor | None = None) -> "Batch":
        """Return the batch with other frames; ``source`` (B, T) says which of the old ones each comes from, if moved.

        Decoders still reconstruct the old ones.
        """
        if source is None:
            return replace(self, frames=frames * self.mask.unsqueeze(2), original=self.clean)
        inside = (source >= 0) & (source < self.mask.shape[1])
        place = source.clamp(0, self.mask.shape[1] - 1)
        mask = self.mask.gather(1, place) & inside
        return replace(
            self,
            frames=frames * mask.unsqueeze(2),
            mask=mask,
            labels=None if self.labels is None else self.labels.gather(1, place),
            active=None if self.active is None else self.active.gather(1, place) & inside,
            original=self.clean.gather(1, place.unsqueeze(2).expand_as(self.clean)),
        )

    def first(self, count: int) -> "Batch":
        """Return the batch of the first ``count`` chunks."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        kept: dict[str, Any] = {name: part if part is None else part[:count] for name, part in parts}
        return Batch(**kept)

    @property
    def clean(self) -> Tensor:
        """The frames (B, T, D) as they were, which decoders reconstruct."""
        return self.frames if self.original is None else self.original


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that the parts of a model must fit: feature columns, speakers, labels, and frames per token.

    ``grid`` are the rows and columns of patches that the frames of an image are; None for other features.
    """

    inputs: int
    speakers: int = 1
    labels: int = 0
    stride: int = 1
    grid: tuple[int, int] | None = None


def any_frame(frames: Tensor, stride: int) -> Tensor:
    """Return which tokens (B, T') have any of their ``stride`` frames marked in ``frames`` (B, T)."""
    return functional.pad(frames, (0, -frames.shape[1] % stride)).view(len(frames), -1, stride).any(dim=2)
