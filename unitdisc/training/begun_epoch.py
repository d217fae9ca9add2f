"""An epoch under way: how far it has come, and what its row will be computed from."""

import time
from typing import Any

import torch
from torch import Tensor

from unitdisc.codebook import UsageHealth
from unitdisc.training import processes


class BegunEpoch:
    """The batches done of an epoch, the sums of losses (4,), the usage of the units, and the random numbers.

    Jitter, dropout and augmentations take their random numbers from torch's generators, which an epoch seeds with
    ``seed``: an epoch that goes on has those of the moment at which it was saved.
    """

    def __init__(self, number: int, usage: UsageHealth, *, seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        self.number, self.usage, self._device = number, usage, device
        self.batches = self.reestimations = 0
        self.totals: Tensor = torch.zeros(4, dtype=torch.float64, device=device)
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The time spent on the epoch, without that between an interruption and its resumption."""
        return time.perf_counter() - self._start

    def leave_out(self, seconds: float) -> None:
        """Leave out time that was not spent on training."""
        self._start += seconds

    def state_dict(self) -> dict[str, Any]:
        """Return the state as tensors and plain values, of all processes together."""
        own = {"totals": self.totals.cpu(), "usage": self.usage.state_dict(), "generators": _generators(self._device)}
        return {
            "number": self.number,
            "batches": self.batches,
            "reestimations": self.reestimations,
            "seconds": self.seconds,
            "parts": processes.gathered(own),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that ``state_dict`` returned, on the same device or another."""
        own = state["parts"][processes.rank()]
        self.number, self.batches, self.reestimations = (
            int(state[key]) for key in ("number", "batches", "reestimations")
        )
        self.totals = own["totals"].to(self._device)
        self.usage.load_state_dict(own["usage"])
        self._start = time.perf_counter() - float(state["seconds"])
        for device, numbers in own["generators"].items():
            if device == "cpu":
                torch.set_rng_state(numbers)
            elif device == self._device.type:
                torch.cuda.set_rng_state(numbers, self._device)


def _generators(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's generators by the type of their device."""
    states = {"cpu": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})
