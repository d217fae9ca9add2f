"""Product quantisation encoded as one unit per token: the choices of its codebooks as the digits of one number."""

import torch
from torch import Tensor


def product_units(units: Tensor, codewords: int) -> Tensor:
    """Return the units (T,), below K^G, that encode the choices (T, G) of G codebooks: Σ u_g · K^g."""
    return (units * codewords ** torch.arange(units.shape[1], device=units.device)).sum(1)


def product_indices(units: Tensor, codewords: int, codebooks: int) -> Tensor:
    """Return the choices (T, G) that ``product_units`` has encoded as units (T,)."""
    return units.unsqueeze(1) // codewords ** torch.arange(codebooks, device=units.device) % codewords


def product_codewords(codebooks: Tensor) -> Tensor:
    """Return the codewords (K^G, D) of all units of codebooks (G, K, D/G); one codebook (K, D) is returned as it is.

    The nearest of them consists, group by group, of the nearest codeword of each codebook.
    """
    if codebooks.ndim == 2:
        return codebooks
    groups, size, _ = codebooks.shape
    group = torch.arange(groups)
    chosen = torch.arange(size**groups).unsqueeze(1) // size**group % size
    return codebooks[group, chosen].flatten(1)
