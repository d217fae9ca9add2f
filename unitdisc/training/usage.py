"""How the training tokens use a codebook: the one row of training.tsv where nothing is learnt by epochs."""

from math import nan
from statistics import fmean

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
    """Return the row for vectors (N, W), the units (N,) they have, and their mean squared ``distance`` to them.

    With indices (N, G) into the codebooks (G, K, W/G), units used are summed over these and perplexities averaged.
    """
    of_each = [units] if units.ndim == 1 else units.unbind(1)
    size = codebook.shape[-2]
    counts = [of_one.bincount(minlength=size).double() for of_one in of_each]
    used = sum(int((of_one > 0).sum()) for of_one in counts)
    return Epoch(
        epoch=1,
        step=step,
        loss=distance,
        task_loss=distance / vectors.shape[1],
        bottleneck_loss=distance,
        units_used=used,
        perplexity=fmean(float(torch.special.entr(each / each.sum()).sum().exp()) for each in counts),
        dead_codewords=size * len(counts) - used,
        distance=distance,
        input_norm=float(vectors.norm(dim=1).mean()),
        codeword_norm=float(codebook.norm(dim=-1).mean()),
        learning_rate=0.0,
        frames_per_second=frames_per_second,
    )


@torch.no_grad()
def usage_of(model: UnitModel, matrices: Normalised, *, seed: int) -> Epoch:
    """Return the row for a model, which has units, with weights that it has not learnt from these matrices."""
    model.eval()
    vectors, codebook = sampled_vectors(model, matrices, most=most_tokens, seed=seed), model.codebook
    several = codebook.ndim == 3
    pairs = list(zip(vectors.chunk(len(codebook), 1), codebook, strict=True)) if several else [(vectors, codebook)]
    chosen = [nearest(part, words)[0] for part, words in pairs]
    total = sum(_squares(part, words, units) for (part, words), units in zip(pairs, chosen, strict=True))
    units = torch.stack(chosen, 1) if several else chosen[0]
    return usage(vectors, codebook, units, total / len(vectors))


def _squares(vectors: Tensor, codewords: Tensor, units: Tensor) -> float:
    """Return the sum of the squared distances of vectors (N, W) to the codewords (K, W) of their units (N,)."""
    parts = zip(torch.split(vectors, rows), torch.split(units, rows), strict=True)
    return sum(float((part - codewords[chosen]).square().sum()) for part, chosen in parts)
