"""Moves of single vectors between clusters that lower the inertia where Lloyd's iterations stand still."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unitdisc.codebook.distances import tables, two_smallest


def hartigan(x: Tensor, units: Tensor, clusters: int, *, rounds: int, tolerance: float = 5e-4) -> Tensor:
    """Move vectors between clusters after Hartigan's rule until a round gains less than ``tolerance`` of the inertia.

    Taking x out of its cluster a gains n_a/(n_a − 1)·‖x − w_a‖², putting it into b costs n_b/(n_b + 1)·‖x − w_b‖²
    (Hartigan 1975; Telgarsky and Vattani 2010). A round makes the most profitable moves that share no cluster, so that
    their gains add up exactly and the inertia never rises. ``x`` (N, D) and ``units`` (N,) of non-empty clusters give
    the new units (N,); no cluster is emptied.
    """
    state = _State(x, units.clone(), clusters)
    for _ in range(rounds):
        gains = state.gains()
        moving = _independent(gains, state.units, state.rivals, clusters)
        if float(gains[moving].sum()) <= tolerance * float(state.own.sum()):
            break
        state.move(moving)
    return state.units


def _independent(gains: Tensor, sources: Tensor, targets: Tensor, clusters: int) -> Tensor:
    """Choose vectors by falling gain so that each cluster gives or takes at most one; (moves,) indices."""
    candidates = (gains > 0).nonzero().squeeze(1)
    candidates = candidates[gains[candidates].argsort(descending=True, stable=True)]
    chosen = []
    for _ in range(8):  # a greedy matching but for its least profitable pairs
        ends = torch.stack([sources[candidates], targets[candidates]])
        ranks = torch.arange(len(candidates), device=gains.device).expand_as(ends)
        first = ranks.new_full((clusters,), len(gains)).scatter_reduce_(0, ends.flatten(), ranks.flatten(), "amin")
        best = (first[ends] == ranks).all(0)
        chosen.append(candidates[best])
        used = torch.zeros_like(first).index_fill_(0, ends[:, best].flatten(), 1)
        candidates = candidates[used[ends].sum(0) == 0]
    return torch.cat(chosen)


class _State:
    """Clusters, and for each vector its best rival cluster, kept up to date by looking at changed clusters only."""

    def __init__(self, x: Tensor, units: Tensor, clusters: int) -> None:
        self.x, self.units = x, units
        # ⟨(x, −‖x‖²/2), (fw, f)⟩ makes the weighted distance f·‖x − w‖² a product, as ``tables`` wants it.
        self.wide = torch.cat([x, x.square().sum(1, keepdim=True) / -2], 1)
        self.sizes = torch.bincount(units, minlength=clusters).to(x.dtype)
        self.sums = x.new_zeros(clusters, x.shape[1]).index_add_(0, units, x)
        self.own = torch.empty_like(x[:, 0])  # ‖x − w‖² to the cluster it is in
        self.costs = torch.empty_like(self.own)  # of joining the best rival
        self.rivals = torch.empty_like(units)
        self.others = torch.empty_like(self.own)  # no rival but the best costs less than this
        self._measure(torch.arange(len(x), device=x.device))
        self._scan(torch.arange(len(x), device=x.device))

    def gains(self) -> Tensor:
        """Return what each vector's move to its best rival takes off the inertia; −1 where it would empty a cluster."""
        sizes = self.sizes[self.units]
        return torch.where(sizes > 1, self.own * (sizes / (sizes - 1)) - self.costs, -1)

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
        units = self.units[rows]
        means = self.sums[units] / self.sizes[units].unsqueeze(1)
        self.own[rows] = (self.x[rows] - means).square().sum(1)

    def _update(self, changed: Tensor, stale: Tensor) -> None:
        new = self._best(torch.arange(len(self.x), device=self.x.device), changed)
        old_stands = ~stale[self.rivals]
        costs = torch.where(old_stands, self.costs, torch.inf)  # a changed rival is among the new ones
        wins = new.costs < costs
        others = torch.minimum(self.others, torch.where(wins, torch.minimum(costs, new.others), new.costs))
        unsure = ~old_stands & (new.costs > self.others)  # an unchanged cluster may be better than all changed ones
        self.costs, self.others = torch.where(wins, new.costs, costs), others
        self.rivals = torch.where(wins, new.rivals, self.rivals)
        self._scan(unsure.nonzero().squeeze(1))

    def _scan(self, rows: Tensor) -> None:
        best = self._best(rows, torch.arange(len(self.sizes), device=rows.device))
        self.costs[rows], self.rivals[rows], self.others[rows] = best.costs, best.rivals, best.others

    def _best(self, rows: Tensor, clusters: Tensor) -> "_Rivals":
        share = self.sizes[clusters] / (self.sizes[clusters] + 1)
        means = self.sums[clusters] / self.sizes[clusters].unsqueeze(1)
        words = torch.cat([means * share.unsqueeze(1), share.unsqueeze(1)], 1)
        place = torch.full_like(self.sizes, len(clusters), dtype=torch.int64)  # else the table's spare column
        place[clusters] = torch.arange(len(clusters), device=clusters.device)
        own = place[self.units[rows]].unsqueeze(1)
        found = _Rivals(self.own.new_empty(len(rows)), self.own.new_empty(len(rows)), torch.empty_like(rows))
        wide = self.wide if len(rows) == len(self.x) else self.wide[rows]
        for part, table in tables(wide, words, share * means.square().sum(1), spare=1):
            table.scatter_(1, own[part], torch.inf)
            found.costs[part], found.rivals[part], found.others[part] = two_smallest(table)
        found.rivals.copy_(clusters[found.rivals.clamp_(max=len(clusters) - 1)])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Rivals:
    costs: Tensor
    others: Tensor
    rivals: Tensor
