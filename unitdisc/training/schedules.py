"""Schedules: the factor of the learning rates at each step."""

import math
from typing import Any

from unitdisc.config import Cosine, Halving, Plateau, Training


class Schedule:
    """Computes ``training.schedule``; ``steps`` is the length of the whole training."""

    def __init__(self, plan: Training, steps: int) -> None:
        self._plan, self._steps = plan, steps
        self._lowest, self._waited, self._factor = math.inf, 0, 1.0  # of a plateau

    def factor(self, epoch: int, step: int) -> float:
        """Return the factor for a step of ``epoch`` (from 1) after ``step`` steps."""
        rise = self._plan.rise
        return self._scheduled(epoch, step) * (min(1.0, (step + 1) / rise) if rise else 1.0)

    def _scheduled(self, epoch: int, step: int) -> float:
        match self._plan.schedule:
            case Cosine():
                return 0.5 * (1 + math.cos(math.pi * step / self._steps))
            case Halving() as plan:
                passed = min(epoch - 1, plan.last) - plan.first
                return float(plan.factor ** (passed // plan.every + 1)) if passed >= 0 else 1.0
        return self._factor

    def observe(self, loss: float) -> None:
        """Take the loss at the end of an epoch, on which a plateau depends."""
        plan = self._plan.schedule
        if not isinstance(plan, Plateau):
            return
        if loss < self._lowest:
            self._lowest, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited > plan.patience:
            self._waited = 0
            self._factor = max(self._factor * plan.factor, min(1.0, plan.floor / self._plan.learning_rate))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of a plateau."""
        return {"lowest": self._lowest, "waited": self._waited, "factor": self._factor}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that ``state_dict`` returned."""
        self._lowest, self._waited, self._factor = state["lowest"], state["waited"], state["factor"]
