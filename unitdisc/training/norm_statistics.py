"""The statistics of batch norm that belong to averaged weights."""

from itertools import islice

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from unitdisc.models.model import Model
from unitdisc.training.batches import Chunks

most_chunks = 512  # of train: 32,768 frames of an image, or of chunks of the usual length


class NormStatistics:
    """Computes the running statistics of every batch norm of a model anew, from the first ``chunks`` of train.

    Averaged weights have activations of their own, so that the running statistics of the raw weights, copied or
    averaged, fit them only by chance. The way out is that of stochastic weight averaging (Izmailov et al. 2018,
    section 3.2). torch.optim.swa_utils.update_bn does the same, but puts the whole model into training, where a
    codebook may move.
    """

    def __init__(self, chunks: Chunks, batch: int, device: torch.device) -> None:
        self._chunks, self._device = chunks, device
        self._batches = -(-most_chunks // batch)

    @torch.no_grad()
    def renew(self, model: Model, *, quantise: bool) -> None:
        """Replace the statistics by their mean over the batches, in float32, as units are encoded.

        They depend on the weights alone: no other state, no random number and no order of calls. Under
        torch.distributed each process reads its share of the batches, and all get the same statistics.
        """
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
        if not norms:
            return
        model.eval()
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
            norm.train()
        with torch.random.fork_rng([self._device] if self._device.type == "cuda" else []):
            for batch in islice(self._chunks.epoch(1), self._batches):
                model(batch.to(self._device), quantise=quantise)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
