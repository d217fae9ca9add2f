"""k-means in torch, on the tensor's device: careful seeds, Lloyd's iterations, moves of single vectors."""

from typing import Literal

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest
from unitdisc.codebook.exchange import exchange
from unitdisc.codebook.seeding import prune, spread

Seeding = Literal["kmeans++", "random"]


@torch.no_grad()
def kmeans(
    x: Tensor,
    codewords: int,
    *,
    seed: int = 0,
    iterations: int = 10,
    exchanges: int = 50,
    seeding: Seeding = "kmeans++",
    oversampling: float = 1.5,
) -> tuple[Tensor, Tensor, float]:
    """Cluster ``x`` (N, D) into K = ``codewords`` clusters and return centres (K, D), units (N,) and inertia.

    The inertia is the mean squared distance to the nearest centre. Seeds are ``oversampling`` · K vectors drawn by
    k-means++, pruned to K; then come Lloyd's iterations, at most ``iterations`` and no more once they gain less than
    0.3 %, and at most ``exchanges`` rounds of Hartigan's moves, which go on where Lloyd's stand still. Empty clusters
    take the vectors farthest from their centres. The same seed gives the same centres on the same machine.

    Raises ValueError for fewer vectors than clusters, no cluster, values that are not finite, or an oversampling below
    1.
    """
    if not 1 <= codewords <= len(x):
        raise ValueError(f"{len(x)} vectors cannot make {codewords} clusters")
    if oversampling < 1 or seeding not in ("kmeans++", "random"):
        raise ValueError(f"oversampling {oversampling} must be at least 1 and seeding {seeding!r} 'kmeans++' or 'random'")
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    middle = x.mean(0)
    if not middle.isfinite().all():
        raise ValueError("vectors to cluster hold values that are not finite")
    x = x - middle  # distances lose the fewest digits around the origin
    generator = torch.Generator().manual_seed(seed)
    if seeding == "random":
        centres = x[torch.randperm(len(x), generator=generator)[:codewords].to(x.device)]
    else:
        many = spread(x, min(len(x), round(oversampling * codewords)), generator)
        centres = prune(x, many, codewords, rounds=3) if len(many) > codewords else many
    centres, units = _lloyd(x, centres, iterations)
    if exchanges:
        units = exchange(x, units, codewords, rounds=exchanges)
        centres, units = _settle(x, _means(x, units, centres))
    inertia = (x - centres[units]).square().sum(1).mean()
    return centres + middle, units, float(inertia)


def _lloyd(x: Tensor, centres: Tensor, iterations: int, tolerance: float = 3e-3) -> tuple[Tensor, Tensor]:
    norms = x.square().sum(1)
    centres, units = _settle(x, centres)
    before = torch.inf
    for _ in range(iterations):
        centres = _means(x, units, centres)
        centres, units = _settle(x, centres)
    return centres, units


def _settle(x: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Give each vector its nearest centre; an empty centre takes the place of the farthest vector."""
    units, values = nearest(x, centres)
    return centres, units


def _means(x: Tensor, units: Tensor, centres: Tensor) -> Tensor:
    sizes = torch.bincount(units, minlength=len(centres)).unsqueeze(1)
    return torch.where(sizes > 0, torch.zeros_like(centres).index_add_(0, units, x) / sizes.clamp(min=1), centres)
