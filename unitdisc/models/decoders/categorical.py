"""−log p of categorical values whose logits are linear, in blocks: no table of all logits is ever in memory."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

block = 1 << 18  # logits of a block on a CPU, about a core's share of the cache
block_of_gpu = 1 << 25  # enough to keep a GPU busy


def categorical_nats(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return −log p of all ``targets`` together, a scalar with a gradient, and of each row (N,), float32, without one.

    ``x`` (N, C), ``weight`` (G · L, C) and ``bias`` (G · L,) give the logits of G values of L levels each, of which
    ``targets`` (N, G) are the true ones. The gradient is computed with the value, block by block, as the logits of a
    block need it only once; the logits of 128 images of 32 × 32 pixels would be 400 MB, and as much again for their
    gradient. Under autocast products are in its type, everything else is in float32.
    """
    learns = torch.is_grad_enabled() and any(each.requires_grad for each in (x, weight, bias))
    total, each = _Categorical.apply(x, weight, bias, targets, learns)  # type: ignore[no-untyped-call]
    return total, each


class _Categorical(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, learns: bool
    ) -> tuple[Tensor, Tensor]:
        device = x.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        with torch.autocast(device, enabled=False):
            each, gradients = _in_blocks(x, weight, bias, targets, kind, learns=learns)
        ctx.save_for_backward(*gradients)
        ctx.mark_non_differentiable(each)
        return each.sum(), each

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        return (*(gradient * scale for gradient in ctx.saved_tensors), None, None)


def _in_blocks(
    x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, kind: torch.dtype, *, learns: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return −log p (N,) of each row and, where the parameters learn, the gradients of x, weight and bias."""
    groups = targets.shape[1]
    step = max(1, (block_of_gpu if x.is_cuda else block) // len(weight))
    rows, table, shift = x.to(kind), weight.to(kind), bias.to(kind)
    each = torch.empty(len(x), dtype=torch.float32, device=x.device)
    gradients = (torch.empty_like(rows), torch.zeros_like(weight), torch.zeros_like(bias)) if learns else ()
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        logits = torch.addmm(shift, rows[part], table.t()).float()
        logits = logits.view(len(logits), groups, -1)
        logits -= logits.amax(2, keepdim=True)
        own = targets[part].unsqueeze(2)
        true = logits.gather(2, own)
        sums = logits.exp_().sum(2, keepdim=True)
        each[part] = (sums.log() - true).sum((1, 2))
        if learns:
            # The gradient of −log p by the logits: their softmax, less 1 at the true level.
            slope = logits.div_(sums).scatter_add_(2, own, own.new_full((), -1, dtype=torch.float32).expand_as(own))
            _descend(slope.flatten(1), rows[part], table, gradients, part)
    return each, gradients


def _descend(slope: Tensor, rows: Tensor, table: Tensor, gradients: tuple[Tensor, ...], part: slice) -> None:
    """Add a block's share, given the gradient (n, G · L) of its logits, to the gradients of x, weight and bias."""
    of_rows, of_weight, of_bias = gradients
    of_bias += slope.sum(0)
    narrow = slope.to(rows.dtype)
    torch.mm(narrow, table, out=of_rows[part])
    of_weight += torch.mm(narrow.t(), rows)
