"""Averaged weights (Polyak): an exponential average of a model's weights over the training steps, and a plain one."""

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """An exponential moving average of a model: weight ← decay · weight + (1 − decay) · new weight, at each step.

    At the start the decay is lower, (1 + step) / (10 + step), so that the random initialisation is soon forgotten;
    ``restart`` lowers it again, so that the average forgets what was learnt before quantisation began. Buffers are
    copied. The running statistics among them are those of other weights: whoever uses the average renews them before
    (see NormStatistics). A caller that replaces codewords must also replace those of the average.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(requires_grad=False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: Model) -> None:
        """Move the average towards the model's weights after a training step."""
        share = self._next_share()
        for average, weight in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(weight, share)
        for copied, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            copied.copy_(buffer)

    def restart(self) -> None:
        """Forget the past as fast as at the start."""
        self.steps = 0

    def _next_share(self) -> float:
        """Count a step, and return the share of the new weights in the average."""
        self.steps += 1
        return 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights and the number of steps since the start."""
        return {"model": self.model.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that ``state_dict`` returned."""
        self.model.load_state_dict(state["model"])
        self.steps = int(state["steps"])


class PlainAverage(AveragedModel[Model]):
    """The same average of everything that has decimals: running statistics too, and codewords as if never replaced.

    The reference implementation averages so. A re-estimation breaks it: its codewords are then means of codewords that
    have nothing in common. It is kept to be looked at beside the other (``training.curve``), and encodes nothing.
    """

    @torch.no_grad()
    def update(self, model: Model) -> None:
        """Move all weights and buffers towards the model's after a training step; whole numbers are copied."""
        share = self._next_share()
        new = model.state_dict()
        for name, average in self.model.state_dict().items():
            if average.is_floating_point():
                average.lerp_(new[name], share)
            else:
                average.copy_(new[name])
