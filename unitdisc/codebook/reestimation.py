"""Data-dependent re-estimation of all codewords: when it is due, and how it is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
import torch.distributed as dist
from torch import Tensor
from torch.optim import Optimizer

from unitdisc.codebook.bottleneck import Bottleneck
from unitdisc.codebook.kmeans import kmeans
from unitdisc.codebook.quantizer import VectorQuantizer
from unitdisc.codebook.reservoir import Reservoir

Every = Literal["epoch", "growing", "both"]


@dataclass(frozen=True, slots=True)
class ReestimationSchedule:
    """When codewords are re-estimated; epochs are counted from 1, iterations are the training steps done.

    ``warmup_epochs`` pass activations through unquantised, and the vectors of the last of them give the first
    codewords at the start of the next epoch. Then ``every="epoch"`` re-estimates at the start of each epoch,
    and ``"growing"`` once the iteration reaches ``growth`` · (the last one's iteration) + 1; without a warm-up the
    first epoch has no earlier vectors, so ``"epoch"`` starts in the second and ``"growing"`` at once. ``"both"`` is due
    whenever one of the two is, and a re-estimation that is due by the epoch alone leaves the growing dates as they are.
    None is done after ``until_epoch`` or ``until_iteration``.

    Raises ValueError for an unknown ``every``, a negative warm-up or a growth below 1.
    """

    warmup_epochs: int = 2
    every: Every = "epoch"
    until_epoch: int | None = None
    until_iteration: int | None = None
    growth: float = 1.5

    def __post_init__(self) -> None:
        if self.every not in get_args(Every):
            raise ValueError(f"every {self.every!r} is neither 'epoch' nor 'growing' nor 'both'")
        if self.warmup_epochs < 0 or self.growth < 1:
            raise ValueError(f"warmup_epochs {self.warmup_epochs} must be at least 0 and growth {self.growth} 1")


class Reestimation:
    """Follow a schedule through training; ``done`` counts the re-estimations, ``state_dict`` resumes them.

    Each step asks ``due`` with the epoch and the number of steps done, and calls ``run`` if it is due; with
    too few vectors it remains due.
    """

    def __init__(self, schedule: ReestimationSchedule) -> None:
        self.schedule = schedule
        self.done = 0
        self._epoch = schedule.warmup_epochs  # the epoch of the last re-estimation
        self._next = 0.0  # the iteration from which a growing schedule is due
        self._now = (0, 0)

    def quantise(self, epoch: int) -> bool:
        """Return whether ``epoch`` quantises; a warm-up epoch passes activations through."""
        return epoch > self.schedule.warmup_epochs

    def collect(self, epoch: int, iteration: int = 0) -> bool:
        """Return whether the vectors of ``epoch`` may still be used by a re-estimation and belong in the reservoir."""
        last = self.schedule.until_epoch
        if self.schedule.every == "epoch" and last is not None and self._epoch >= last:
            last -= 1  # the last re-estimation, at the start of its epoch, is done
        return epoch >= self.schedule.warmup_epochs and _within(epoch, last) and self._iteration_allowed(iteration)

    def due(self, epoch: int, iteration: int) -> bool:
        """Return whether a re-estimation is due before the next step of ``epoch``, after ``iteration`` steps."""
        self._now = (epoch, iteration)
        if (
            not self.quantise(epoch)
            or not _within(epoch, self.schedule.until_epoch)
            or not self._iteration_allowed(iteration)
        ):
            return False
        by_epoch, by_iteration = epoch > max(self._epoch, 1), iteration >= self._next
        if self.schedule.every == "both":
            return by_epoch or by_iteration
        return by_iteration if self.schedule.every == "growing" else by_epoch

    def run(
        self,
        target: Bottleneck | VectorQuantizer,
        reservoir: Reservoir,
        optimizer: Optimizer | None,
        *,
        averaged: Iterable[Bottleneck | VectorQuantizer] = (),
        seed: int = 0,
    ) -> bool:
        """Replace the codewords by the centres of the reservoir's vectors and empty it; False for too few vectors.

        The optimiser's moments of the codebook, which belong to the old codewords, are reset, and each ``averaged``
        copy gets the new codewords too, so that an average never mixes two codebooks. Under torch.distributed the
        vectors of all ranks count, the first rank clusters them, and every rank gets the same codewords.

        Raises ValueError for a reservoir that can never hold a vector for each codeword.
        """
        quantizer = _quantizer(target)
        if reservoir.capacity < quantizer.codewords:
            raise ValueError(f"a reservoir of {reservoir.capacity} vectors cannot give {quantizer.codewords} codewords")
        if sum(reservoir.gather_seen()) < quantizer.codewords:
            return False
        new = centres_of(reservoir.gather_samples(seed + self.done), quantizer, seed=seed + self.done)
        for copy in (quantizer, *map(_quantizer, averaged)):
            copy.replace_codewords(new)
        if optimizer is not None:
            reset_moments(optimizer, quantizer.codebook)
        reservoir.clear()
        self.done += 1
        self._epoch, iteration = self._now
        if iteration >= self._next:
            self._next = self.schedule.growth * iteration + 1
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the count, the epoch of the last re-estimation and the iteration of the next."""
        return {"done": self.done, "epoch": self._epoch, "next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from the state of an earlier run."""
        self.done, self._epoch, self._next = int(state["done"]), int(state["epoch"]), float(state["next"])

    def _iteration_allowed(self, iteration: int) -> bool:
        return _within(iteration, self.schedule.until_iteration)


def centres_of(vectors: Tensor, quantizer: VectorQuantizer, *, seed: int = 0) -> Tensor:
    """Cluster ``vectors`` (n, D), each group of dimensions separately, into codewords of the codebook's shape.

    Under torch.distributed the first rank clusters for all.
    """
    distributed = dist.is_available() and dist.is_initialized()
    new = torch.empty_like(quantizer.codebook)
    if not distributed or dist.get_rank() == 0:
        parts = vectors.to(new.device).chunk(quantizer.codebooks, 1)
        centres = [kmeans(part, quantizer.codewords, seed=seed)[0] for part in parts]
        new.copy_(torch.stack(centres).view_as(new))
    if distributed:
        dist.broadcast(new, 0)
    return new


def reset_moments(optimizer: Optimizer, parameter: Tensor) -> None:
    """Reset the optimiser's state of ``parameter``, its step count included, to zero.

    The step count is per parameter and only used for the bias correction, which the zero moments need again.
    """
    state = optimizer.state.get(parameter, {})
    for name, value in state.items():
        if isinstance(value, Tensor):
            value.zero_()
        elif isinstance(value, int):
            state[name] = 0


def _within(value: int, limit: int | None) -> bool:
    return limit is None or value <= limit


def _quantizer(module: Bottleneck | VectorQuantizer) -> VectorQuantizer:
    return module.quantizer if isinstance(module, Bottleneck) else module
