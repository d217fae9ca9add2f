"""The interface of augmentations."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from unitdisc.config import FeatureSettings, PartSettings
from unitdisc.features.normalise import Normalised


@dataclass(frozen=True, slots=True, eq=False)
class Augmented:
    """Changed frames (B, T, D), and for each the frame (B, T) that it comes from, if frames were moved in time.

    Frames keep their order, and none comes from before the chunk: padding stays at its end, where layers expect it.
    """

    frames: Tensor
    source: Tensor | None = None


class Augmenter(ABC):
    """Changes batches of normalised frames at random; called with its settings, those of the features, and train.

    Random numbers come from torch's generator of the CPU, which a training seeds at each epoch.
    """

    Settings: ClassVar[type[PartSettings]]

    def __init__(self, settings: Any, features: FeatureSettings, train: Normalised) -> None:  # noqa: ARG002
        self.settings = settings

    @abstractmethod
    def __call__(self, frames: Tensor) -> Augmented:
        """Return frames (B, T, D), changed; each chunk of the batch is changed differently."""


def uniform(count: int, most: float) -> Tensor:
    """Draw ``count`` numbers between −``most`` and ``most``."""
    return (2 * torch.rand(count) - 1) * most


def places(frames: int, rates: Tensor) -> Tensor:
    """Return where in a chunk of so many frames each is read (B, T), when chunks are read at these rates (B,).

    A chunk is read from its middle, or where that is too short, from its start, because padding has to stay at the end.
    """
    first = ((frames - 1) / 2 * (1 - rates)).clamp(min=0)
    return first[:, None] + torch.arange(frames) * rates[:, None]


def noisy(frames: Tensor, *, noise: float, offset: float) -> Tensor:
    """Add noise of these deviations to frames (B, T, D): new for every number, and constant within a chunk."""
    if noise:
        frames = frames + noise * torch.randn(frames.shape).to(frames.device)
    if offset:
        frames = frames + offset * torch.randn(len(frames), 1, frames.shape[2]).to(frames.device)
    return frames
