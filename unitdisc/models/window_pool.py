"""Windows to search in, each with a vector: means over the most alike, a block of windows at a time."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from unitdisc.models.resizable import Resizable

numbers_in_cache, numbers_on_gpu = 1 << 17, 1 << 26  # of a table of similarities
filler = -4.0  # less than any cosine
block = 32  # windows of which only the best is looked at first


class WindowPool(Resizable):
    """Keys (N, components + 1) of windows and a vector (N, W) of each, both in whole blocks (see ``whole_blocks``)."""

    keys: Tensor
    vectors: Tensor
    columns: Tensor

    def __init__(self, keys: Tensor, vectors: Tensor) -> None:
        super().__init__()
        self.register_buffer("keys", keys)
        self.register_buffer("vectors", vectors)
        # A product with columns takes a quarter of the time.
        self.register_buffer("columns", keys.T.contiguous(), persistent=False)

    def best_of_blocks(self, keys: Tensor) -> Tensor:
        """Return the greatest similarity (n, blocks) to keys (n, components) within each block."""
        keys = _completed(keys)
        cached = numbers_on_gpu if keys.is_cuda else numbers_in_cache
        step = block * max(1, cached // max(len(keys), 1) // block)
        buffer = keys.new_empty(len(keys) * min(step, self.columns.shape[1]))
        parts = []
        for start in range(0, self.columns.shape[1], step):
            columns = self.columns[:, start : start + step]
            similarity = buffer[: len(keys) * columns.shape[1]].view(len(keys), -1)
            torch.mm(keys, columns, out=similarity)
            parts.append(similarity.view(len(keys), -1, block).amax(2))
        return torch.cat(parts, dim=1)

    def means(self, keys: Tensor, best: Tensor, numbers: Tensor, count: int) -> Tensor:
        """Return the mean vectors (n, W) of the ``count`` windows most alike to keys (n, components).

        They are looked for in the blocks of these ``numbers`` (m,), of which ``best`` (n, m) has the greatest
        similarities: the most alike windows of all are within as many blocks, those with the best ones.
        """
        blocks = numbers[best.topk(min(count, best.shape[1]), dim=1).indices]
        rows = (blocks.unsqueeze(2) * block + torch.arange(block, device=keys.device)).flatten(1)
        similarity = torch.einsum("nd,nkd->nk", _completed(keys), self.keys[rows])
        values, chosen = similarity.topk(min(count, rows.shape[1]), dim=1)
        weights = (values > filler + 1).to(keys.dtype)
        nearest = self.vectors[rows.gather(1, chosen)]
        return torch.einsum("nk,nkw->nw", weights / weights.sum(1, keepdim=True), nearest)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self.columns = self.keys.T.contiguous() if self.keys.ndim == 2 else self.keys  # then others refuse it


def whole_blocks(keys: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Return keys (N, components) and vectors (N, W) as a pool has them, filled up to whole blocks.

    The last number of a key is added to each similarity: 0, and ``filler`` for what only fills a block.
    """
    spare = -len(vectors) % block
    added = functional.pad(keys.new_zeros(len(keys), 1), (0, 0, 0, spare), value=filler)
    padded = torch.cat([functional.pad(keys, (0, 0, 0, spare)), added], dim=1)
    return padded, functional.pad(vectors, (0, 0, 0, spare))


def _completed(keys: Tensor) -> Tensor:
    """Return keys (n, components + 1) that add the last number of the pool's keys to their similarity."""
    return functional.pad(keys, (0, 1), value=1)
