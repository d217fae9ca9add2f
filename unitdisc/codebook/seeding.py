"""Seeds for k-means: distinct vectors far from each other, sampled in batches."""

import torch
from torch import Tensor

from unitdisc.codebook.distances import tables, two_nearest

draws = 128  # candidates per round: few enough that most are accepted


def kmeans_plus_plus(x: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Choose ``count`` of the vectors ``x`` (N, D) as k-means++ does, exactly, a round of candidates at a time.

    k-means++ (Arthur and Vassilvitskii 2007) samples each seed in proportion to d², the squared distance to the nearest
    seed so far. Here a round samples from the d² at its start and accepts a candidate with probability (d² now) / (d²
    then), which is the same distribution, needs only the distances between candidates, and leaves one matrix product
    per round. If all remaining vectors equal a seed, the rest is sampled uniformly. Returns seeds (count, D).
    """
    norms = x.square().sum(1)
    rounding = 4e-6 * norms.max()  # smaller squared distances are rounding errors
    chosen = torch.randint(len(x), (1,), generator=generator).to(x.device)
    distances = norms.new_full((len(x),), torch.inf)
    seeds = [chosen]
    missing = count - 1
    while missing:
        closer = _distances(x, norms, x[chosen])
        distances = torch.minimum(distances, torch.where(closer > rounding, closer, 0))
        sums = distances.double().cumsum(0)
        if sums[-1] == 0:
            seeds.append(torch.randperm(len(x), generator=generator)[:missing].to(x.device))
            break
        chosen = _sample_round(x, distances, sums, generator)[:missing]
        seeds.append(chosen)
        missing -= len(chosen)
    return x[torch.cat(seeds)]


def prune(x: Tensor, centres: Tensor, count: int, *, rounds: int) -> Tensor:
    """Keep ``count`` of the centres, dropping those first whose vectors lose least by moving to the second nearest.

    Each round moves the centres to the means of their vectors and drops an equal share. Returns (count, D).
    """
    for left in range(rounds, 0, -1):
        units, first, second = two_nearest(x, centres)
        loss = first.new_zeros(len(centres)).index_add_(0, units, second - first)
        sizes = torch.bincount(units, minlength=len(centres)).unsqueeze(1)
        means = torch.zeros_like(centres).index_add_(0, units, x) / sizes.clamp(min=1)
        centres = torch.where(sizes > 0, means, centres)
        keep = len(centres) - (len(centres) - count) // left
        centres = centres[loss.topk(keep).indices.sort().values]
    return centres


def _sample_round(x: Tensor, distances: Tensor, sums: Tensor, generator: torch.Generator) -> Tensor:
    targets = torch.rand(draws, generator=generator, dtype=torch.float64).to(x.device) * sums[-1]
    candidates = torch.searchsorted(sums, targets, right=True).clamp(max=len(x) - 1)
    threshold = torch.rand(draws, generator=generator).to(x) * distances[candidates]
    between = torch.cdist(x[candidates], x[candidates]).square()
    # A candidate is rejected if an earlier accepted one leaves it a d² not above its threshold.
    rejects = (between <= threshold.unsqueeze(1)).tril(-1).tolist()
    accepted: list[int] = []
    for candidate, row in enumerate(rejects):
        if not any(row[earlier] for earlier in accepted):
            accepted.append(candidate)
    return candidates[torch.tensor(accepted, device=x.device)]


def _distances(x: Tensor, norms: Tensor, seeds: Tensor) -> Tensor:
    values = torch.empty_like(norms)
    for rows, table in tables(x, seeds, seeds.square().sum(1)):
        values[rows] = table.amin(1)
    return values.add_(norms)
