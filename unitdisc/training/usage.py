"""How the training tokens use a codebook: the one row of training.tsv where nothing is learnt by epochs."""

from math import nan

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest
from unitdisc.features.normalise import Normalised
from unitdisc.models.unit_model import UnitModel
from unitdisc.training.record import Epoch
from unitdisc.training.token_vectors import sampled_vectors

most_tokens = 200_000  # of train, sampled by the seed
rows = 8192  # vectors whose distances are computed together


def usage(
    vectors: Tensor, codebook: Tensor, units: Tensor, distance: float, *, step: int = 0, frames_per_second: float = nan
) -> Epoch:
    """Return the row for vectors (N, W), the units (N,) they have, and their mean squared ``distance`` to them."""
    counts = units.bincount(minlength=len(codebook)).double()
    used = int((counts > 0).sum())
    return Epoch(
        epoch=1,
        step=step,
        loss=distance,
        task_loss=distance / vectors.shape[1],
        bottleneck_loss=distance,
        units_used=used,
        perplexity=float(torch.special.entr(counts / counts.sum()).sum().exp()),
        dead_codewords=len(codebook) - used,
        distance=distance,
        input_norm=float(vectors.norm(dim=1).mean()),
        codeword_norm=float(codebook.norm(dim=1).mean()),
        learning_rate=0.0,
        frames_per_second=frames_per_second,
    )


@torch.no_grad()
def usage_of(model: UnitModel, matrices: Normalised, *, seed: int) -> Epoch:
    """Return the row for a model, which has units, with weights that it has not learnt from these matrices."""
    model.eval()
    vectors, codebook = sampled_vectors(model, matrices, most=most_tokens, seed=seed), model.codebook
    units, _ = nearest(vectors, codebook)
    parts = zip(torch.split(vectors, rows), torch.split(units, rows), strict=True)
    total = sum(float((part - codebook[chosen]).square().sum()) for part, chosen in parts)
    return usage(vectors, codebook, units, total / len(vectors))
