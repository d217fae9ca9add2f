"""Moves of single vectors between clusters that lower the inertia where Lloyd's iterations no longer do."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unitdisc.codebook.distances import squared, tables, two_smallest

measured = 100_000  # vectors that are copied at a time


def hartigan(x: Tensor, units: Tensor, clusters: int, *, rounds: int, tolerance: float = 5e-4) -> Tensor:
    """Move vectors between clusters by Hartigan's rule until a round gains less than ``tolerance`` of the inertia.

    Removing x from its cluster a gains n_a/(n_a − 1)·‖x − w_a‖², adding it to b costs n_b/(n_b + 1)·‖x − w_b‖²
    (Hartigan 1975; Telgarsky and Vattani 2010). A round makes the most profitable moves that share no cluster, so that
    their gains add up exactly and the inertia never rises. ``x`` (N, D) and ``units`` (N,) of non-empty clusters give
    the new units (N,); no cluster is emptied.
    """
    state = _State(x, units.clone(), clusters)
    for _ in range(rounds):
        gains = state.gains()
        moving = _independent(gains, state.units, state.rivals, clusters)
        if float(gains[moving].sum()) <= tolerance * float(state.distances.sum()):
            break
        state.move(moving)
    return state.units


def _independent(gains: Tensor, sources: Tensor, targets: Tensor, clusters: int) -> Tensor:
    """Return indices (moves,) of vectors by decreasing gain, with at most one move to or from each cluster."""
    candidates = (gains > 0).nonzero().squeeze(1)
    candidates = candidates[gains[candidates].argsort(descending=True, stable=True)]
    chosen = []
    for _ in range(8):  # a greedy matching without its least profitable pairs
        ends = torch.stack([sources[candidates], targets[candidates]])
        ranks = torch.arange(len(candidates), device=gains.device).expand_as(ends)
        first = ranks.new_full((clusters,), len(gains)).scatter_reduce_(0, ends.flatten(), ranks.flatten(), "amin")
        best = (first[ends] == ranks).all(0)
        chosen.append(candidates[best])
        used = torch.zeros_like(first).index_fill_(0, ends[:, best].flatten(), 1)
        candidates = candidates[used[ends].sum(0) == 0]
    return torch.cat(chosen)


class _State:
    """Clusters, and for each vector its best rival cluster, updated by comparing with changed clusters only."""

    def __init__(self, x: Tensor, units: Tensor, clusters: int) -> None:
        self.x, self.units = x, units
        # ⟨(x, −‖x‖²/2), (fw, f)⟩ makes the weighted distance f·‖x − w‖² a product, as ``tables`` needs it.
        self.wide = torch.cat([x, x.square().sum(1, keepdim=True) / -2], 1)
        self.sizes = torch.bincount(units, minlength=clusters).to(x.dtype)
        self.sums = x.new_zeros(clusters, x.shape[1]).index_add_(0, units, x)
        self.distances = torch.empty_like(x[:, 0])  # ‖x − w‖² to the vector's own cluster
        self.costs = torch.empty_like(self.distances)  # of moving to the best rival
        self.rivals = torch.empty_like(units)
        self.others = torch.empty_like(self.distances)  # a lower bound on the costs of all other rivals
        self._measure(torch.arange(len(x), device=x.device))
        self._scan(torch.arange(len(x), device=x.device))

    def gains(self) -> Tensor:
        """Return the inertia saved by moving each vector to its best rival; −1 where that would empty a cluster."""
        sizes = self.sizes[self.units]
        return torch.where(sizes > 1, self.distances * (sizes / (sizes - 1)) - self.costs, -1)

    def move(self, moving: Tensor) -> None:
        """Move the vectors ``moving`` to their best rivals."""
        sources, targets = self.units[moving], self.rivals[moving]
        self.sums.index_add_(0, targets, self.x[moving]).index_add_(0, sources, self.x[moving], alpha=-1)
        self.sizes[sources] -= 1
        self.sizes[targets] += 1
        self.units[moving] = targets
        changed = torch.cat([sources, targets])
        stale = torch.zeros_like(self.sizes, dtype=torch.bool).index_fill_(0, changed, True)
        self._measure(stale[self.units].nonzero().squeeze(1))
        self._update(changed, stale)

    def _measure(self, rows: Tensor) -> None:
        means = self.sums / self.sizes.unsqueeze(1)
        for part in torch.split(rows, measured):
            self.distances[part] = squared(self.x[part], means, self.units[part])

    def _update(self, changed: Tensor, stale: Tensor) -> None:
        new = self._best(torch.arange(len(self.x), device=self.x.device), changed)
        unchanged = ~stale[self.rivals]
        costs = torch.where(unchanged, self.costs, torch.inf)  # a changed rival is among the new ones
        wins = new.costs < costs
        others = torch.minimum(self.others, torch.where(wins, torch.minimum(costs, new.others), new.costs))
        unsure = ~unchanged & (new.costs > self.others)  # an unchanged cluster may be better than all changed ones
        self.costs, self.others = torch.where(wins, new.costs, costs), others
        self.rivals = torch.where(wins, new.rivals, self.rivals)
        self._scan(unsure.nonzero().squeeze(1))

    def _scan(self, rows: Tensor) -> None:
        best = self._best(rows, torch.arange(len(self.sizes), device=rows.device))
        self.costs[rows], self.rivals[rows], self.others[rows] = best.costs, best.rivals, best.others

    def _best(self, rows: Tensor, clusters: Tensor) -> "_Rivals":
        share = self.sizes[clusters] / (self.sizes[clusters] + 1)
        means = self.sums[clusters] / self.sizes[clusters].unsqueeze(1)
        codewords = torch.cat([means * share.unsqueeze(1), share.unsqueeze(1)], 1)
        column = torch.full_like(self.sizes, len(clusters), dtype=torch.int64)  # otherwise the spare column
        column[clusters] = torch.arange(len(clusters), device=clusters.device)
        own_columns = column[self.units[rows]].unsqueeze(1)
        best = _Rivals(self.costs.new_empty(len(rows)), self.costs.new_empty(len(rows)), torch.empty_like(rows))
        wide = self.wide if len(rows) == len(self.x) else self.wide[rows]
        for part, table in tables(wide, codewords, share * means.square().sum(1), spare=1):
            table.scatter_(1, own_columns[part], torch.inf)
            best.costs[part], best.rivals[part], best.others[part] = two_smallest(table)
        best.rivals.copy_(clusters[best.rivals.clamp_(max=len(clusters) - 1)])
        return best


@dataclass(frozen=True, slots=True, eq=False)
class _Rivals:
    costs: Tensor
    others: Tensor
    rivals: Tensor
