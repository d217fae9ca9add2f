"""Averaged weights (Polyak): an exponential average of a model's weights over the training steps."""

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """A second model that follows the first: weight ← decay · weight + (1 − decay) · new weight, each step.

    Early on the decay is lower, (1 + step) / (10 + step), so that the random start is soon forgotten; ``restart`` makes
    it early again, for where quantising begins: what was learnt without it is no part of the average then. Buffers,
    such as running statistics, are copied. Whoever replaces codewords gives the average the same ones.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(requires_grad=False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: Model) -> None:
        """Move the average towards the model's weights after a training step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for average, weight in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(weight, 1 - decay)
        for held, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            held.copy_(buffer)

    def restart(self) -> None:
        """Forget the past as fast as at the start."""
        self.steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights and the steps since the start."""
        return {"model": self.model.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned."""
        self.model.load_state_dict(state["model"])
        self.steps = int(state["steps"])
