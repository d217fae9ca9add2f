"""The loss on dev after an epoch."""

import math

import torch

from unitdisc.config import Training
from unitdisc.models.model import Model
from unitdisc.training import processes
from unitdisc.training.batches import Chunks
from unitdisc.training.precision import autocast

dev_batches = 32  # per epoch, at most: enough for a curve, without slowing the training


@torch.no_grad()
def dev_loss(model: Model, dev: Chunks | None, plan: Training, device: torch.device, *, quantise: bool) -> float:
    """Return the mean loss of the objective, over the same chunks at every call; NaN without a dev split."""
    if dev is None:
        return math.nan
    model.eval()
    losses = []
    for _, batch in zip(range(dev_batches), dev.epoch(1), strict=False):
        with autocast(plan, device):
            losses.append(model(batch.to(device), quantise=quantise).task.double())
    return float(processes.mean(torch.stack(losses).mean()))
