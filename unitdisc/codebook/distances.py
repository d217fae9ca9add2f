"""The nearest codeword of each vector, exact, without ever holding all distances at once."""

import torch
from torch import Tensor

# Distances held at once: small enough for a core's cache, large enough to keep a GPU busy.
cells = {"cpu": 1 << 20, "cuda": 1 << 26}


def nearest(x: Tensor, codewords: Tensor) -> tuple[Tensor, Tensor]:
    """Find the codeword nearest to each vector in squared Euclidean distance; ties go to the lowest index.

    ``x`` (N, D) and ``codewords`` (K, D) of one floating type give units (N,), int64, and ‖w‖² − 2⟨x, w⟩ of the
    nearest codeword (N,), the squared distance less ‖x‖². No gradient passes.
    """
    units = torch.empty(len(x), dtype=torch.int64, device=x.device)
    scores = torch.empty(len(x), dtype=x.dtype, device=x.device)
    with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        square = codewords.square().sum(1)
        transposed = codewords.t()
        rows = max(16, cells.get(x.device.type, 1 << 26) // len(codewords))
        buffer = torch.empty(min(rows, len(x)), len(codewords), dtype=x.dtype, device=x.device)
        for start in range(0, len(x), rows):
            part = x[start : start + rows]
            table = torch.addmm(square, part, transposed, alpha=-2, out=buffer[: len(part)])
            torch.min(table, 1, out=(scores[start : start + rows], units[start : start + rows]))
    return units, scores
