"""k-means in torch, on the tensor's device: k-means++ seeds, Lloyd's iterations, Hartigan's moves of single vectors."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest, squared
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

    The inertia is the mean squared distance of a vector to its centre. Seeds are ``oversampling`` · K vectors sampled
    by k-means++ and pruned to K; then follow at most ``iterations`` of Lloyd's and at most ``exchanges`` rounds of
    Hartigan's moves, which improve where Lloyd's iterations no longer do. Without exchanges Lloyd's iterations continue
    as long as a vector changes its cluster. Empty clusters take the vectors farthest from their centres. Half precision
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
    mean = x.mean(0)
    if not mean.isfinite().all():
        raise ValueError("a vector to cluster holds a value that is not finite")
    x = x - mean  # distances are most accurate around the origin
    generator = torch.Generator().manual_seed(seed)
    if seeding == "random":
        centres = x[torch.randperm(len(x), generator=generator)[:codewords].to(x.device)]
    else:
        seeds = kmeans_plus_plus(x, min(len(x), round(oversampling * codewords)), generator)
        centres = prune(x, seeds, codewords, rounds=3)
    clusters = _lloyd(x, centres, iterations, tolerance=5e-3 if exchanges else 0)
    if exchanges and int(torch.bincount(clusters.units, minlength=codewords).min()):
        units = hartigan(x, clusters.units, codewords, rounds=exchanges)
        clusters = _assign(x, _means(x, units, clusters.centres))
    return clusters.centres + mean, clusters.units, float(clusters.distances.mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    centres: Tensor
    units: Tensor
    distances: Tensor  # squared, of each vector to its centre


def _lloyd(x: Tensor, centres: Tensor, iterations: int, *, tolerance: float) -> _Clusters:
    clusters = _assign(x, centres)
    for _ in range(iterations):
        new = _assign(x, _means(x, clusters.units, clusters.centres))
        gain = 1 - float(new.distances.sum() / clusters.distances.sum().clamp(min=1e-30))
        converged = gain <= tolerance and (tolerance > 0 or torch.equal(new.units, clusters.units))
        clusters = new
        if converged:
            break
    return clusters


def _assign(x: Tensor, centres: Tensor) -> _Clusters:
    """Assign each vector to its nearest centre; a centre without vectors moves to the most distant vector."""
    units, values = nearest(x, centres)
    for _ in range(10):  # moving a centre may empty another, and equal vectors always leave some empty
        empty = (torch.bincount(units, minlength=len(centres)) == 0).nonzero().squeeze(1)
        if not len(empty):
            break
        farthest = squared(x, centres, units).topk(len(empty)).indices
        centres = centres.index_copy(0, empty, x[farthest])
        nearest_moved, closer = nearest(x, centres[empty])
        units = torch.where(closer < values, empty[nearest_moved], units)
        values = torch.minimum(values, closer)
    return _Clusters(centres, units, squared(x, centres, units))


def _means(x: Tensor, units: Tensor, centres: Tensor) -> Tensor:
    """Average each cluster's vectors; an empty cluster keeps its centre."""
    sizes = torch.bincount(units, minlength=len(centres)).unsqueeze(1)
    return torch.where(sizes > 0, torch.zeros_like(centres).index_add_(0, units, x) / sizes.clamp(min=1), centres)
