"""Averaged weights (Polyak): an exponential average of a model's weights over the training steps."""

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """An exponential moving average of a model: weight ← decay · weight + (1 − decay) · new weight, at each step.

    At the start the decay is lower, (1 + step) / (10 + step), so that the random initialisation is soon forgotten;
    ``restart`` lowers it again, so that the average forgets what was learnt before quantisation began. Buffers, such as
    running statistics, are copied. A caller that replaces codewords must also replace those of the average.
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
        for copied, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            copied.copy_(buffer)

    def restart(self) -> None:
        """Forget the past as fast as at the start."""
        self.steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights and the number of steps since the start."""
        return {"model": self.model.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that ``state_dict`` returned."""
        self.model.load_state_dict(state["model"])
        self.steps = int(state["steps"])
