"""Distances of many vectors to many codewords, computed in blocks that fit the cache, never as a whole table."""

from collections.abc import Iterator

import torch
from torch import Tensor

own_block = 1 << 18  # values of vectors that are compared with their own codewords at a time
block = 64  # codewords per block of the search for the minimum; tables are padded to whole blocks
traced_block = 8 * block  # codewords per table of the search that is traced


def nearest(x: Tensor, codewords: Tensor) -> tuple[Tensor, Tensor]:
    """Find the codeword nearest to each vector in Euclidean distance; ties go to the lowest index.

    ``x`` (N, D) and ``codewords`` (K, D) of one floating type give units (N,), int64, and ‖w‖² − 2⟨x, w⟩ of the
    nearest codeword (N,): the squared distance less ‖x‖². No gradient passes.
    """
    units = torch.empty(len(x), dtype=torch.int64, device=x.device)
    values = torch.empty(len(x), dtype=x.dtype, device=x.device)
    for rows, table in tables(x, codewords, codewords.square().sum(1)):
        values[rows], units[rows] = smallest(table)
    return units, values


def squared(x: Tensor, codewords: Tensor, units: Tensor) -> Tensor:
    """Return ‖x − w‖² (N,) of vectors (N, D) and their own codewords, of (K, D) those that units (N,) say."""
    found = torch.empty(len(x), dtype=x.dtype, device=x.device)
    step = max(1, (own_block << 8 if x.is_cuda else own_block) // x.shape[1])
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        found[part] = (x[part] - codewords[units[part]]).square_().sum(1)
    return found


def nearest_traced(x: Tensor, codewords: Tensor, count: int) -> Tensor:
    """Find the units (N,) that ``nearest`` finds, in steps that a tracer can record; ``count`` is K.

    A tracer records a loop as often as its example goes through it. ``nearest`` loops over the vectors, so that its
    recording is wrong for another number of them. This loops over the codewords, with a table of all vectors each time,
    which does not fit the cache and is slower. The size of a tensor is no constant to torch.jit.trace, hence ``count``.
    """
    # Equal codewords have equal distances only in whole blocks, so copies of the last one fill the last block.
    filled = codewords[torch.arange(count + -count % block, device=x.device).clamp(max=count - 1)]
    with torch.autocast(x.device.type, enabled=False):
        parts = [filled[start : start + traced_block] for start in range(0, count, traced_block)]
        minima = [torch.addmm(part.square().sum(1), x, part.t(), alpha=-2).min(1) for part in parts]
    chosen = torch.stack([values for values, _ in minima], 1).argmin(1, keepdim=True)
    columns = torch.stack([indices for _, indices in minima], 1).gather(1, chosen)
    return (columns + chosen * traced_block).squeeze(1).clamp(max=count - 1)


def two_nearest(x: Tensor, codewords: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return units and values as ``nearest`` does, and the value of the second nearest codeword (N,)."""
    values = torch.empty(2, len(x), dtype=x.dtype, device=x.device)
    units = torch.empty(len(x), dtype=torch.int64, device=x.device)
    for rows, table in tables(x, codewords, codewords.square().sum(1)):
        values[0, rows], units[rows], values[1, rows] = two_smallest(table)
    return units, values[0], values[1]


@torch.no_grad()
def tables(x: Tensor, codewords: Tensor, bias: Tensor, *, spare: int = 0) -> Iterator[tuple[slice, Tensor]]:
    """Yield bias − 2⟨x, w⟩ for a slice of rows at a time, (rows, K or more), always in the same buffer.

    Columns from K on are infinite: at least ``spare`` of them, and enough to fill the last block.
    """
    count = len(codewords)
    spare += -(count + spare) % block
    if spare:
        codewords = torch.cat([codewords, codewords.new_zeros(spare, codewords.shape[1])])
        bias = torch.cat([bias, bias.new_full((spare,), torch.inf)])
    # About the size of a core's share of the cache, or enough to keep a GPU busy.
    step = max(16, (1 << (26 if x.is_cuda else 21)) // len(codewords))
    buffer = torch.empty(min(step, len(x)), len(codewords), dtype=x.dtype, device=x.device)
    with torch.autocast(x.device.type, enabled=False):
        for start in range(0, len(x), step):
            part = x[start : start + step]
            table = torch.addmm(bias, part, codewords.t(), alpha=-2, out=buffer[: len(part)])
            table[:, count:] = torch.inf  # an infinite x turns them into nan, which min treats as smallest
            yield slice(start, start + len(part)), table


def smallest(table: Tensor) -> tuple[Tensor, Tensor]:
    """Find the smallest value of each row and its first column.

    On a CPU the minimum of a block is vectorised but the search for its column is not, so only the block that holds the
    row's minimum is searched.
    """
    if table.is_cuda:
        minimum = table.min(1)
        return minimum.values, minimum.indices
    values, chosen, candidates = _blockwise(table)[:3]
    return values, candidates.argmin(1).add_(chosen, alpha=block)


def two_smallest(table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the smallest value of each row, its first column, and the second smallest value."""
    values, chosen, candidates, minima = _blockwise(table)
    column = candidates.argmin(1, keepdim=True)
    remaining = candidates.scatter(1, column, torch.inf).amin(1, keepdim=True)
    second = minima.scatter(1, chosen.unsqueeze(1), remaining).amin(1)
    return values, column.squeeze(1).add_(chosen, alpha=block), second


def _blockwise(table: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    blocks = table.view(len(table), -1, block)
    minima = blocks.amin(2)
    values, chosen = minima.min(1)
    return values, chosen, blocks[torch.arange(len(table), device=table.device), chosen], minima
