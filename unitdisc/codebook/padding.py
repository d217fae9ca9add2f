"""Padding, which must reach no loss, gradient or statistic whatever it holds."""

import torch
from torch import Tensor


def finite_padding(x: Tensor, mask: Tensor | None) -> Tensor:
    """Set those vectors of ``x`` (..., D) to 0 that are not finite and for which ``mask`` (...) is false.

    A mask alone does not keep NaN out of gradients: in a product, 0 · NaN is NaN again. Finite padding stays as it is.
    """
    if mask is None or _all_real(mask):
        return x
    finite = x.detach().sum(-1, dtype=torch.promote_types(x.dtype, torch.float32)).isfinite()
    return torch.where((mask | finite).unsqueeze(-1), x, 0)


def _all_real(mask: Tensor) -> bool:
    """Return whether nothing is padding, where that is known at once: a GPU would have to wait for it."""
    traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return mask.device.type == "cpu" and not traced and bool(mask.all())
