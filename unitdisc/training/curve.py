"""The curve of a training: the losses of raw and averaged weights on dev and test, which change nothing in it."""

from collections.abc import Iterator, Mapping
from math import log, nan

import numpy as np
import torch

from unitdisc.config import Training
from unitdisc.features.normalise import Normalised
from unitdisc.models.likelihood import whole_utterances
from unitdisc.models.model import Model
from unitdisc.training import processes
from unitdisc.training.record import Point
from unitdisc.training.state import TrainingState


class Curve:
    """Evaluates the models of a training on ``splits``: whole utterances, the same ones at every point.

    In float32, as utterances are encoded and scored. No weight, statistic, schedule or random number of the training
    depends on it.
    """

    def __init__(self, plan: Training, splits: Mapping[str, Normalised], *, seed: int, device: torch.device) -> None:
        self._splits, self._device = splits, device
        self._steps = plan.curve.steps if plan.curve else None
        most = plan.curve.utterances if plan.curve else 0
        self._names = {split: _drawn(matrices, most, seed) for split, matrices in splits.items()}

    def due(self, step: int, *, end: int) -> bool:
        """Return whether there is a point after a ``step`` of the training, of an epoch whose last step is ``end``."""
        return bool(self._splits) and (step == end if self._steps is None else step % self._steps == 0)

    def points(self, state: TrainingState, epoch: int, *, likelihood: bool, quantise: bool) -> Iterator[Point]:
        """Yield a row for each split and kind of weights; an epoch of the warm-up does not ``quantise``."""
        done = state.reestimation.done if state.reestimation else 0
        for weights, model in state.models.items():
            model.eval()
            for split in self._splits:
                task, bits = self._losses(model, split, likelihood=likelihood, quantise=quantise)
                yield Point(epoch, state.step, split, weights, done, task, bits)
        state.model.train()

    @torch.no_grad()
    def _losses(self, model: Model, split: str, *, likelihood: bool, quantise: bool) -> tuple[float, float]:
        """Return the mean loss of the objective, and bits per dimension; nan where they are not defined."""
        sums = torch.zeros(3, dtype=torch.float64, device=self._device)  # loss, what it is the mean of, tokens
        batches = whole_utterances(self._splits[split], self._names[split])
        with torch.random.fork_rng([self._device] if self._device.type == "cuda" else []):
            for number, (_, batch) in enumerate(batches):
                if number % processes.count() != processes.rank():
                    continue
                if likelihood:
                    found = model.likelihoods(batch.to(self._device), quantise=quantise)
                    parts = (found.nats.sum(), found.values.sum(), found.tokens.sum())
                else:
                    losses = model(batch.to(self._device), quantise=quantise)
                    parts = (losses.task * batch.mask.sum(), batch.mask.sum(), losses.tokens.sum())
                sums += torch.stack([part.to(self._device, torch.float64) for part in parts])
        loss, count, tokens = processes.mean(sums).tolist()
        if not count:
            return nan, nan
        described = likelihood and quantise
        return loss / count, (loss + tokens * model.nats_of_token) / count / log(2) if described else nan


def _drawn(matrices: Normalised, most: int, seed: int) -> list[str]:
    """Return the names of at most so many utterances, in the order of the matrices."""
    names = list(matrices)
    if len(names) <= most:
        return names
    places = np.random.default_rng(seed).choice(len(names), size=most, replace=False)
    return [names[place] for place in sorted(places)]
