"""Seeds for k-means: distinct vectors far from one another, drawn many at a time."""

import torch
from torch import Tensor

from unitdisc.codebook.distances import tables, two_nearest

draws = 128  # candidates of one round: few enough that most are still good when their turn comes


def kmeans_plus_plus(x: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Choose ``count`` of the vectors ``x`` (N, D) as k-means++ does, exactly, a round of candidates at a time.

    k-means++ (Arthur and Vassilvitskii 2007) draws each seed in proportion to d², the squared distance to the nearest
    seed so far. Here a round draws from the d² at its start and accepts a candidate with probability (d² now) / (d²
    then), which is the same distribution, needs only the distances between candidates, and leaves one matrix product
    a round. Where all vectors left equal a seed the rest is drawn uniformly. Returns seeds (count, D).
    """
    norms = x.square().sum(1)
    nothing = 4e-6 * norms.max()  # below it a squared distance is rounding
    chosen = torch.randint(len(x), (1,), generator=generator).to(x.device)
    distances = norms.new_full((len(x),), torch.inf)
    found = [chosen]
    missing = count - 1
    while missing:
        closer = _distances(x, norms, x[chosen])
        distances = torch.minimum(distances, torch.where(closer > nothing, closer, 0))
        sums = distances.double().cumsum(0)
        if sums[-1] == 0:
            found.append(torch.randperm(len(x), generator=generator)[:missing].to(x.device))
            break
        chosen = _round(x, distances, sums, generator)[:missing]
        found.append(chosen)
        missing -= len(chosen)
    return x[torch.cat(found)]


def prune(x: Tensor, centres: Tensor, count: int, *, rounds: int) -> Tensor:
    """Drop all but ``count`` of the centres, those first whose vectors lose least by going to their second nearest.

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


def _round(x: Tensor, distances: Tensor, sums: Tensor, generator: torch.Generator) -> Tensor:
    at = torch.rand(draws, generator=generator, dtype=torch.float64).to(x.device) * sums[-1]
    candidates = torch.searchsorted(sums, at, right=True).clamp(max=len(x) - 1)
    threshold = torch.rand(draws, generator=generator).to(x) * distances[candidates]
    between = torch.cdist(x[candidates], x[candidates]).square()
    # A candidate falls to an earlier, accepted one that leaves it a d² not above its threshold.
    fatal = (between <= threshold.unsqueeze(1)).tril(-1).tolist()
    accepted: list[int] = []
    for candidate, row in enumerate(fatal):
        if not any(row[earlier] for earlier in accepted):
            accepted.append(candidate)
    return candidates[torch.tensor(accepted, device=x.device)]


def _distances(x: Tensor, norms: Tensor, seeds: Tensor) -> Tensor:
    values = torch.empty_like(norms)
    for rows, table in tables(x, seeds, seeds.square().sum(1)):
        values[rows] = table.amin(1)
    return values.add_(norms)
