"""Product quantisation told as one unit a token: the codewords that its codebooks chose, counted as one number."""

import torch
from torch import Tensor


def product_units(units: Tensor, codewords: int) -> Tensor:
    """Return the units (T,) below K^G that stand for the choices (T, G) of G codebooks: Σ u_g · K^g."""
    return (units * codewords ** torch.arange(units.shape[1])).sum(1)


def product_codewords(codebooks: Tensor) -> Tensor:
    """Return the codewords (K^G, D) of all joint units of codebooks (G, K, D/G); one codebook (K, D) is left as it is.

    The nearest of them is, group by group, the nearest of each codebook.
    """
    if codebooks.ndim == 2:
        return codebooks
    groups, size, _ = codebooks.shape
    place = torch.arange(groups)
    chosen = torch.arange(size**groups).unsqueeze(1) // size**place % size
    return codebooks[place, chosen].flatten(1)
