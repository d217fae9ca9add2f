"""Averaged weights (Polyak): an exponential average of a model's weights over the training steps."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """A second model that follows the first: weight ← decay · weight + (1 − decay) · new weight, each step.

    Early on the decay is lower, (1 + step) / (10 + step), so that the random start is soon forgotten. Buffers, such
    as running statistics, are copied.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(requires_grad=False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: Model, step: int) -> None:
        """Move the average towards the model's weights after training step ``step``, counted from 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for average, weight in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(weight, 1 - decay)
        for held, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            held.copy_(buffer)
