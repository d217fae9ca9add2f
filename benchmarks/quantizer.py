"""Compare the time of a training step of the quantiser with vector-quantize-pytorch and torch.cdist + argmin.

Run: python -m benchmarks.quantizer [--repeats 5] [--threads 1] [--device cpu]
vector-quantize-pytorch is not a dependency; without it, its cases are left out.
"""

import argparse
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.interleaved import measure, report
from unitdisc.codebook import VectorQuantizer

sizes = [(n, d, k) for d, k in ((64, 2048), (128, 4096)) for n in (4096, 20480)]


class PlainQuantizer(nn.Module):
    """The straightforward implementation: all distances by torch.cdist, then argmin."""

    def __init__(self, dim: int, codewords: int) -> None:
        super().__init__()
        self.codebook = nn.Parameter(nn.init.xavier_uniform_(torch.empty(codewords, dim)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        units = torch.cdist(x.detach(), self.codebook.detach()).argmin(1)
        words = self.codebook[units]
        loss = functional.mse_loss(words, x.detach()) + 0.25 * functional.mse_loss(x, words.detach())
        return x + (words - x).detach(), loss


def peer(dim: int, codewords: int) -> nn.Module | None:
    try:
        from vector_quantize_pytorch import VectorQuantize
    except ImportError:
        return None
    return VectorQuantize(dim, codebook_size=codewords, decay=0.999, commitment_weight=0.25)


def step(vq: nn.Module, x: Tensor) -> Callable[[], None]:
    """Return a function that does one forward and backward pass of a quantiser."""

    def call() -> None:
        x.grad = None
        vq.zero_grad()
        if isinstance(vq, VectorQuantizer):
            out = vq(x)
            codes, loss = out.codes, out.loss
        else:
            outputs = vq(x)
            codes, loss = outputs[0], outputs[-1]
        (codes.sum() + loss.sum()).backward()

    return call


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if peer(2, 2) is None:
        print("vector-quantize-pytorch is not installed: its cases are left out", file=sys.stderr)
    for n, dim, codewords in sizes:
        x = torch.randn(n, dim, device=options.device, requires_grad=True)
        ways = {
            "gradient": VectorQuantizer(dim, codewords),
            "ema": VectorQuantizer(dim, codewords, update="ema"),
            "torch.cdist": PlainQuantizer(dim, codewords),
            "vector-quantize-pytorch": peer(dim, codewords),
        }
        calls = {name: step(vq.to(options.device), x) for name, vq in ways.items() if vq is not None}
        costs = measure(calls, repeats=options.repeats)
        for other in list(costs)[2:]:
            for update in ("gradient", "ema"):
                report(f"quantizer {update} {n}x{dim}/{codewords} beside {other}", costs[update], costs[other])


if __name__ == "__main__":
    main()
