"""Codewords scaled by the first batch that is quantised (Fig. 1 of the paper)."""

import copy
from collections.abc import Iterable

import torch

from unitdisc.codebook.scaling import scaled_codewords
from unitdisc.config import Training
from unitdisc.models.batch import Batch
from unitdisc.models.model import Model
from unitdisc.training.precision import autocast


@torch.no_grad()
def scale_codewords(model: Model, batch: Batch, ratio: float, plan: Training, *, averaged: Iterable[Model]) -> None:
    """Give the codewords the scale that is ``ratio`` times smaller than that of the vectors of a batch.

    The vectors are those that the training step on this batch will quantise: batch norm takes the statistics of the
    batch, and dropout and jitter the same random numbers. Of the model, only the codewords change; ``averaged`` copies
    get them too.
    """
    twin, device = copy.deepcopy(model).train(), batch.frames.device
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), autocast(plan, device):
        losses = twin(batch, quantise=False)
    new = scaled_codewords(model.bottleneck.quantizer, losses.bottleneck.vectors, losses.tokens, ratio)
    for each in (model, *averaged):
        each.bottleneck.quantizer.replace_codewords(new)
