"""k-means in torch on the tensor's device: careful seeding, Lloyd's iterations, no empty cluster."""

from typing import Literal

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest

Seeding = Literal["kmeans||", "kmeans++", "random"]


def kmeans(
    x: Tensor, codewords: int, *, seed: int = 0, iterations: int = 10, seeding: Seeding = "kmeans||"
) -> tuple[Tensor, Tensor, float]:
    """Cluster ``x`` (N, D) into ``codewords`` = K clusters.

    Returns centres (K, D), the unit of each vector (N,) and the inertia, the mean squared distance to the centre.

    Raises ValueError for fewer vectors than clusters.
    """
    if not 1 <= codewords <= len(x):
        raise ValueError(f"{len(x)} vectors cannot make {codewords} clusters")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=generator)[:codewords].to(x.device)
    centres = x[order].clone()
    norms = x.square().sum(1)
    units, scores = nearest(x, centres)
    for _ in range(iterations):
        sums = torch.zeros_like(centres).index_add_(0, units, x)
        counts = torch.bincount(units, minlength=codewords)
        centres = sums / counts.clamp(min=1).unsqueeze(1)
        empty = (counts == 0).nonzero().squeeze(1)
        centres[empty] = x[(norms + scores).topk(len(empty)).indices]
        units, scores = nearest(x, centres)
    return centres, units, float((x - centres[units]).square().sum(1).mean())
