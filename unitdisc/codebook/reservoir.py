"""A uniform sample, of fixed size, of all vectors seen."""

from itertools import accumulate
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class Reservoir:
    """Keep ``capacity`` vectors, with each vector seen equally likely to be among them (Vitter 1985, Algorithm R).

    Whole batches are added at once, and the vectors are on the device of the batches; random numbers come from a
    CPU generator, so that a seed gives the same sample on every device. ``state_dict`` holds only tensors.

    Raises ValueError for a capacity or dimension below 1.
    """

    def __init__(self, capacity: int = 20480, dim: int = 64, seed: int = 0) -> None:
        if min(capacity, dim) < 1:
            raise ValueError(f"capacity {capacity} and dim {dim} of a reservoir must be at least 1")
        self.capacity, self.dim = capacity, dim
        self._generator = torch.Generator().manual_seed(seed)
        self._vectors = torch.zeros(capacity + 1, dim)  # the last row receives what is discarded
        self._last = torch.zeros(capacity + 1, dtype=torch.int64)
        self._seen = torch.zeros((), dtype=torch.int64)

    def __len__(self) -> int:
        """Return the number of vectors in the reservoir."""
        return min(self.capacity, self.seen)

    @property
    def seen(self) -> int:
        """The number of vectors added since the last ``clear``."""
        return int(self._seen)

    def add(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Add the vectors ``x`` (..., D), or those where ``mask`` (...) is true, in their order.

        Raises ValueError where the last axis is not D, or the mask is not one bool per vector.
        """
        if x.shape[-1] != self.dim:
            raise ValueError(f"vectors {tuple(x.shape)} do not end in the reservoir's {self.dim} dimensions")
        if mask is not None and (mask.dtype != torch.bool or mask.shape != x.shape[:-1]):
            raise ValueError(f"a mask {tuple(mask.shape)} of {mask.dtype} is not one bool per vector")
        x = x.detach().reshape(-1, self.dim).to(self._vectors.dtype)
        self.to(x.device)
        draws = torch.randint(1 << 62, (len(x),), generator=self._generator).to(x.device)
        real = None if mask is None else mask.reshape(-1)
        if x.is_cuda:  # counting the real vectors would wait for the GPU
            self._add_all(x, draws, real)
        elif real is None:
            self._add_counted(x, draws)
        else:
            self._add_counted(x[real], draws[real])

    def _add_counted(self, x: Tensor, draws: Tensor) -> None:
        """Add real vectors: the first ones fill free slots, the others replace the slots that they drew."""
        seen = self.seen
        self._seen += len(x)
        fill = min(max(self.capacity - seen, 0), len(x))
        if fill:
            self._vectors[seen : seen + fill] = x[:fill]
            if fill == len(x):
                return
            x, draws, seen = x[fill:], draws[fill:], seen + fill
        slots = draws.remainder_(torch.arange(seen + 1, seen + len(x) + 1))
        kept = (slots < self.capacity).nonzero().view(-1)
        slots = slots.index_select(0, kept)
        # Of several vectors for one slot the last is kept, and is written once for each of them.
        last = self._last.scatter_reduce_(0, slots, kept, "amax", include_self=False).index_select(0, slots)
        self._vectors.index_copy_(0, slots, x.index_select(0, last))

    def _add_all(self, x: Tensor, draws: Tensor, real: Tensor | None) -> None:
        """Add the same vectors to the same slots without a host synchronisation to count them."""
        order = torch.arange(len(x), device=x.device)
        index = order if real is None else (real.cumsum(0) - 1).clamp_(min=0)
        index = index + self._seen  # of each vector among all seen
        slots = torch.where(index < self.capacity, index, draws.remainder_(index + 1)).clamp_(max=self.capacity)
        if real is not None:
            slots.masked_fill_(~real, self.capacity)
        self._seen += len(x) if real is None else real.sum()
        # All but the last of several vectors for one slot go to the row after the reservoir.
        self._last.scatter_reduce_(0, slots, order, "amax", include_self=False)
        slots.masked_fill_(self._last[slots] != order, self.capacity)
        self._vectors.index_copy_(0, slots, x)

    def samples(self) -> Tensor:
        """Return a copy of the vectors (n, D) in the reservoir."""
        return self._vectors[: len(self)].clone()

    def gather_seen(self) -> list[int]:
        """Return the number of vectors added on each rank of torch.distributed, or here if it is not initialised."""
        if not (dist.is_available() and dist.is_initialized()):
            return [self.seen]
        seen = [torch.zeros_like(self._seen) for _ in range(dist.get_world_size())]
        dist.all_gather(seen, self._seen)
        return [int(count) for count in seen]

    def gather_samples(self, seed: int = 0) -> Tensor:
        """Return at most ``capacity`` vectors (n, D), uniform over those added on all ranks, the same on every rank.

        Where no more than ``capacity`` were added, these are all of them in the order of the ranks, as in one
        process; otherwise each rank contributes as many as a sample without replacement would contain of it.
        """
        seen = self.gather_seen()
        if len(seen) == 1:
            return self.samples()
        sizes = [min(count, self.capacity) for count in seen]
        local = self._vectors[: max(sizes)].contiguous()
        parts = [torch.empty_like(local) for _ in seen]
        dist.all_gather(parts, local)
        if sum(seen) > self.capacity:
            generator = torch.Generator().manual_seed(seed)
            shares = draw_shares(seen, self.capacity, generator)
            orders = [torch.randperm(n, generator=generator)[:share] for n, share in zip(sizes, shares, strict=True)]
            return torch.cat([part[order.to(part.device)] for part, order in zip(parts, orders, strict=True)])
        return torch.cat([part[:n] for part, n in zip(parts, sizes, strict=True)])

    def clear(self) -> None:
        """Remove all vectors; the generator keeps its state."""
        self._seen.zero_()

    def state_dict(self) -> dict[str, Tensor]:
        """Return vectors, counter and generator as tensors."""
        return {
            "vectors": self.samples(),
            "seen": self._seen.clone(),
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state of another reservoir of the same capacity.

        Raises ValueError for vectors of another shape.
        """
        vectors, seen = state["vectors"], state["seen"]
        if vectors.shape != (min(int(seen), self.capacity), self.dim):
            raise ValueError(f"vectors {tuple(vectors.shape)} do not fit a reservoir of {self.capacity} × {self.dim}")
        self._vectors[: len(vectors)] = vectors.to(self._vectors.device)
        self._seen = seen.clone().to(self._vectors.device)
        self._generator.set_state(state["generator"].cpu())

    def to(self, device: torch.device) -> "Reservoir":
        """Move the vectors to a device, as ``add`` does by itself; return the reservoir."""
        if self._vectors.device != device:
            self._vectors, self._seen = self._vectors.to(device), self._seen.to(device)
            self._last = self._last.to(device)
        return self


def draw_shares(sizes: list[int], count: int, generator: torch.Generator) -> list[int]:
    """Sample how many of ``count`` items, drawn without replacement, are of each of several groups of ``sizes``."""
    draws, distinct = 2 * count, torch.empty(0)
    while len(distinct) < count:  # the distinct values among uniform draws are a sample without replacement
        distinct = torch.unique(torch.randint(sum(sizes), (draws,), generator=generator))
        draws *= 2
    chosen = distinct[torch.randperm(len(distinct), generator=generator)[:count]]
    ends = torch.tensor(list(accumulate(sizes)))
    return torch.bincount(torch.bucketize(chosen, ends, right=True), minlength=len(sizes)).tolist()
