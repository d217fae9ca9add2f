"""Compare the time of the segmentation with the paper's recursion in NumPy, at 100 tokens per second.

Run: python -m benchmarks.segmentation [--seconds 120] [--codewords 512] [--dim 64] [--longest 15]
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from unitdisc.units.segmentation import segment


def recursion(vectors: np.ndarray, codewords: np.ndarray, weight: float, longest: int) -> np.ndarray:
    """Return the units by the recursion over the starts of the last segment, of at most ``longest`` tokens."""
    distances = (codewords**2).sum(1) - 2 * vectors @ codewords.T
    tokens = len(vectors)
    alpha = np.zeros(tokens + 1)
    start, best = np.zeros(tokens + 1, dtype=int), np.zeros(tokens + 1, dtype=int)
    for t in range(1, tokens + 1):
        first = max(0, t - longest)
        sums = distances[first:t][::-1].cumsum(0)  # row n: the last n + 1 tokens, by codeword
        codes = sums.argmin(1)
        costs = sums.min(1) - weight * np.arange(len(sums)) + alpha[first:t][::-1]
        length = int(costs.argmin())
        alpha[t], start[t], best[t] = costs[length], t - 1 - length, codes[length]
    units, end = np.zeros(tokens, dtype=int), tokens
    while end:
        units[start[end] : end] = best[end]
        end = start[end]
    return units


def timed(call: Callable[[], object], repeats: int) -> float:
    """Return the median time of the calls, in seconds."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return sorted(seconds)[repeats // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seconds", 120), ("codewords", 512), ("dim", 64), ("longest", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    words = torch.randn(arguments.codewords, arguments.dim, generator=generator)
    tokens = 100 * arguments.seconds
    chosen = torch.randint(arguments.codewords, (tokens // 8 + 1,), generator=generator).repeat_interleave(8)[:tokens]
    vectors = words[chosen] + torch.randn(tokens, arguments.dim, generator=generator)
    weight = float(arguments.dim)
    ours = segment([vectors], words, weight)
    theirs = recursion(vectors.numpy(), words.numpy(), weight, arguments.longest)
    fast = timed(lambda: segment([vectors], words, weight), 5)
    slow = timed(lambda: recursion(vectors.numpy(), words.numpy(), weight, arguments.longest), 3)
    print(f"tokens {tokens}, codewords {arguments.codewords}, dimensions {arguments.dim}, one thread")
    print(f"unitdisc              {fast:8.3f} s  {arguments.seconds / fast:8.0f} times real time")
    print(f"recursion in NumPy    {slow:8.3f} s  {arguments.seconds / slow:8.0f} times real time")
    print(f"ratio                 {slow / fast:8.1f}     the same units at {(ours == theirs).mean():.2%} of tokens")


if __name__ == "__main__":
    main()
