"""Distances of many vectors to many codewords, computed in parts that stay in the cache and are never held whole."""

from collections.abc import Iterator

import torch
from torch import Tensor

block = 64  # codewords whose smallest distance is found together; tables are padded to whole blocks


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


def two_nearest(x: Tensor, codewords: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find what ``nearest`` finds, and the value of the second nearest codeword (N,)."""
    found = torch.empty(2, len(x), dtype=x.dtype, device=x.device)
    units = torch.empty(len(x), dtype=torch.int64, device=x.device)
    for rows, table in tables(x, codewords, codewords.square().sum(1)):
        found[0, rows], units[rows], found[1, rows] = two_smallest(table)
    return units, found[0], found[1]


@torch.no_grad()
def tables(x: Tensor, codewords: Tensor, bias: Tensor, *, spare: int = 0) -> Iterator[tuple[slice, Tensor]]:
    """Yield bias − 2⟨x, w⟩ for a slice of rows at a time, (rows, K or more), always in the same buffer.

    Columns from K on are infinite; there are at least ``spare`` of them, and as many as fill the last block.
    """
    known = len(codewords)
    spare += -(known + spare) % block
    codewords = torch.cat([codewords, codewords.new_zeros(spare, codewords.shape[1])])
    bias = torch.cat([bias, bias.new_full((spare,), torch.inf)])
    # About what a core's share of the cache holds, or enough to keep a GPU busy.
    step = max(16, (1 << (26 if x.is_cuda else 21)) // len(codewords))
    buffer = torch.empty(min(step, len(x)), len(codewords), dtype=x.dtype, device=x.device)
    with torch.autocast(x.device.type, enabled=False):
        for start in range(0, len(x), step):
            part = x[start : start + step]
            table = torch.addmm(bias, part, codewords.t(), alpha=-2, out=buffer[: len(part)])
            table[:, known:] = torch.inf  # an infinite x makes nan of them, which is smaller than any number
            yield slice(start, start + len(part)), table


def smallest(table: Tensor) -> tuple[Tensor, Tensor]:
    """Find the smallest value of each row and its first column.

    On a CPU the minimum of a block is vectorised where the search for its place is not, so that search is made in the
    one block that holds the minimum.
    """
    if table.is_cuda:
        found = table.min(1)
        return found.values, found.indices
    values, chosen, inside = _blockwise(table)[:3]
    return values, inside.argmin(1).add_(chosen, alpha=block)


def two_smallest(table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the smallest value of each row, its first column, and the second smallest value."""
    values, chosen, inside, least = _blockwise(table)
    place = inside.argmin(1, keepdim=True)
    rest = inside.scatter(1, place, torch.inf).amin(1, keepdim=True)
    second = least.scatter(1, chosen.unsqueeze(1), rest).amin(1)
    return values, place.squeeze(1).add_(chosen, alpha=block), second


def _blockwise(table: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    blocks = table.view(len(table), -1, block)
    least = blocks.amin(2)
    values, chosen = least.min(1)
    return values, chosen, blocks[torch.arange(len(table), device=table.device), chosen], least
