"""k-means in torch, on the tensor's device: careful seeds, Lloyd's iterations, moves of single vectors."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest
from unitdisc.codebook.hartigan import hartigan
from unitdisc.codebook.seeding import kmeans_plus_plus, prune

Seeding = Literal["kmeans++", "random"]


@torch.no_grad()
def kmeans(
    x: Tensor,
    codewords: int,
    *,
    seed: int = 0,
    iterations: int = 10,
    exchanges: int = 20,
    seeding: Seeding = "kmeans++",
    oversampling: float = 1.5,
) -> tuple[Tensor, Tensor, float]:
    """Cluster ``x`` (N, D) into K = ``codewords`` clusters and return centres (K, D), units (N,) and inertia.

    The inertia is the mean squared distance of a vector to its centre, the nearest one. Seeds are ``oversampling`` · K
    vectors drawn by k-means++, pruned to K; then come at most ``iterations`` of Lloyd's and at most ``exchanges``
    rounds of Hartigan's moves, which go on where Lloyd's iterations stand still. Without exchanges Lloyd's go on as
    long as a vector changes its cluster. Empty clusters take the vectors farthest from their centres. Half precision
    is clustered in float32. The same seed gives the same centres on the same kind of device (on CUDA under
    torch.use_deterministic_algorithms).

    Raises ValueError for fewer vectors than clusters, no cluster, a value that is not finite, an unknown ``seeding`` or
    an ``oversampling`` below 1.
    """
    if not 1 <= codewords <= len(x):
        raise ValueError(f"{len(x)} vectors cannot make {codewords} clusters")
    if oversampling < 1 or seeding not in ("kmeans++", "random"):
        raise ValueError(f"oversampling {oversampling} is below 1 or seeding {seeding!r} not 'kmeans++' or 'random'")
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    middle = x.mean(0)
    if not middle.isfinite().all():
        raise ValueError("a vector to cluster holds a value that is not finite")
    x = x - middle  # around the origin distances lose the fewest digits
    generator = torch.Generator().manual_seed(seed)
    if seeding == "random":
        centres = x[torch.randperm(len(x), generator=generator)[:codewords].to(x.device)]
    else:
        seeds = kmeans_plus_plus(x, min(len(x), round(oversampling * codewords)), generator)
        centres = prune(x, seeds, codewords, rounds=3)
    clusters = _lloyd(x, centres, iterations, tolerance=5e-3 if exchanges else 0)
    if exchanges and int(torch.bincount(clusters.units, minlength=codewords).min()):
        units = hartigan(x, clusters.units, codewords, rounds=exchanges)
        clusters = _settle(x, _means(x, units, clusters.centres))
    return clusters.centres + middle, clusters.units, float(clusters.distances.mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    centres: Tensor
    units: Tensor
    distances: Tensor  # squared, of each vector to its centre


def _lloyd(x: Tensor, centres: Tensor, iterations: int, *, tolerance: float) -> _Clusters:
    clusters = _settle(x, centres)
    for _ in range(iterations):
        new = _settle(x, _means(x, clusters.units, clusters.centres))
        gain = 1 - float(new.distances.sum() / clusters.distances.sum().clamp(min=1e-30))
        still = gain <= tolerance and (tolerance > 0 or torch.equal(new.units, clusters.units))
        clusters = new
        if still:
            break
    return clusters


def _settle(x: Tensor, centres: Tensor) -> _Clusters:
    """Give each vector its nearest centre; a centre without vectors takes the place of the farthest one."""
    units, values = nearest(x, centres)
    for _ in range(10):  # a vector taken may leave another centre empty, and equal vectors leave some empty for good
        empty = (torch.bincount(units, minlength=len(centres)) == 0).nonzero().squeeze(1)
        if not len(empty):
            break
        far = (x - centres[units]).square().sum(1).topk(len(empty)).indices
        centres = centres.index_copy(0, empty, x[far])
        found, closer = nearest(x, centres[empty])
        units = torch.where(closer < values, empty[found], units)
        values = torch.minimum(values, closer)
    return _Clusters(centres, units, (x - centres[units]).square().sum(1))


def _means(x: Tensor, units: Tensor, centres: Tensor) -> Tensor:
    """Average each cluster's vectors; an empty cluster keeps its centre."""
    sizes = torch.bincount(units, minlength=len(centres)).unsqueeze(1)
    return torch.where(sizes > 0, torch.zeros_like(centres).index_add_(0, units, x) / sizes.clamp(min=1), centres)
