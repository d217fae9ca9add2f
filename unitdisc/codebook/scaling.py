"""The scale of codewords at the start, set by that of the vectors they will stand for."""

import torch
import torch.distributed as dist
from torch import Tensor

from unitdisc.codebook.quantizer import VectorQuantizer


@torch.no_grad()
def scaled_codewords(quantizer: VectorQuantizer, vectors: Tensor, mask: Tensor, ratio: float) -> Tensor:
    """Return the codewords in their directions, but as long as ``ratio`` asks, in the shape of the codebook.

    ``ratio`` is the scale of the real ``vectors`` (..., D), those where ``mask`` (...) is true, over the scale of the
    codewords: the scale of either is the root mean square of its numbers. Each of several codebooks is scaled to its
    own dimensions. Under torch.distributed the vectors of all ranks count. Codewords stay as they are where either
    scale is 0.
    """
    groups = quantizer.codebook.detach().view(quantizer.codebooks, quantizer.codewords, -1).double()
    parts = vectors.detach()[mask].double().view(-1, quantizer.codebooks, groups.shape[2])
    squares = torch.cat([parts.square().sum((0, 2)), parts.new_tensor([len(parts) * groups.shape[2]])])
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(squares)
    wanted = (squares[:-1] / squares[-1].clamp(min=1)).sqrt() / ratio
    factor = wanted / groups.square().mean((1, 2)).sqrt()
    factor = torch.where(factor.isfinite() & (factor > 0), factor, 1)
    return (groups * factor.view(-1, 1, 1)).to(quantizer.codebook.dtype).view_as(quantizer.codebook)
