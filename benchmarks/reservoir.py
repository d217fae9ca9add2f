"""Compare the time to fill a reservoir of 20,480 vectors with that of a loop over the vectors.

Run: python -m benchmarks.reservoir [--repeats 9] [--dim 64]
"""

import argparse
import random
from functools import partial

import torch
from torch import Tensor

from benchmarks.interleaved import measure, report
from unitdisc.codebook import Reservoir


class LoopReservoir:
    """Algorithm R as published, one vector at a time."""

    def __init__(self, capacity: int, dim: int) -> None:
        self.vectors, self.capacity, self.seen = torch.empty(capacity, dim), capacity, 0

    def add(self, x: Tensor) -> None:
        for vector in x:
            slot = self.seen if self.seen < self.capacity else random.randrange(self.seen + 1)
            if slot < self.capacity:
                self.vectors[slot] = vector
            self.seen += 1

    def clear(self) -> None:
        self.seen = 0


def fill(reservoir: Reservoir | LoopReservoir, x: Tensor, state: str) -> None:
    if state == "empty":
        reservoir.clear()
    reservoir.add(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--dim", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for n in (1024, 20480, 65536):
        x = torch.randn(n, options.dim)
        for state in ("empty", "full"):
            ways = {"ours": Reservoir(20480, options.dim), "loop": LoopReservoir(20480, options.dim)}
            for reservoir in ways.values():
                reservoir.add(torch.randn(20480, options.dim))
            calls = {name: partial(fill, reservoir, x, state) for name, reservoir in ways.items()}
            costs = measure(calls, repeats=options.repeats)
            report(f"reservoir {n}x{options.dim} into {state} beside a loop", costs["ours"], costs["loop"])


if __name__ == "__main__":
    main()
