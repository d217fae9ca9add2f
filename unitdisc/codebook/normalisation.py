"""Batch normalisation over the real frames of a padded batch."""

from functools import reduce

import torch
import torch.distributed as dist
from torch import Tensor, nn

from unitdisc.codebook.padding import finite_padding


class MaskedBatchNorm(nn.BatchNorm1d):
    """BatchNorm1d over the last axis with statistics of real frames only.

    Equal to torch.nn.BatchNorm1d, running statistics included, on the real frames concatenated, but without a host
    synchronisation and always in float32 or wider. Under torch.distributed the frames are those of all ranks. The
    output has the wider type of input and weight, so that a module in half precision goes on in half precision.
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise ``x`` (..., C); ``mask`` (...) is true on real frames. Other frames are scaled in the same way."""
        kind = reduce(torch.promote_types, (parameter.dtype for parameter in self.parameters()), x.dtype)
        flat = finite_padding(x, mask).to(kind).reshape(-1, self.num_features)
        single_process = not (dist.is_available() and dist.is_initialized())
        known = self.track_running_stats and not self.training
        if known or (mask is None and single_process):
            return super().forward(flat).view(x.shape)  # float32 inside, whatever the type
        if mask is not None and single_process and self._gathers(flat):
            real = mask.reshape(-1)
            if int(real.sum()) > 1:  # torch's kernel refuses a single row, and none
                return self._of_real_rows(flat, real).view(x.shape)
        wide = flat.to(torch.promote_types(kind, torch.float32))
        with torch.autocast(x.device.type, enabled=False):
            real = torch.ones_like(wide[:, :1], dtype=torch.bool) if mask is None else mask.reshape(-1, 1)
            frames = _over_ranks(real.sum(dtype=wide.dtype))
            divisor = frames.clamp(min=1)
            mean = _over_ranks(torch.where(real, wide, 0).sum(0)) / divisor
            variance = _over_ranks(torch.where(real, wide - mean, 0).square().sum(0)) / divisor
            self._track(mean.detach(), variance.detach(), frames)
            scale = torch.rsqrt(variance + self.eps)
            if self.affine:
                return ((wide - mean) * (self.weight * scale) + self.bias).to(kind).view(x.shape)
            return ((wide - mean) * scale).to(kind).view(x.shape)

    def _gathers(self, flat: Tensor) -> bool:
        """Return whether real rows can be gathered: faster on a CPU; a GPU would have to wait for their number."""
        narrow = flat.dtype in (torch.float16, torch.bfloat16)
        mixed = any(parameter.dtype != flat.dtype for parameter in self.parameters())  # torch's kernel refuses them
        traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        return flat.device.type == "cpu" and not (narrow or mixed or traced) and self.momentum is not None

    def _of_real_rows(self, flat: Tensor, real: Tensor) -> Tensor:
        """Normalise rows (N, C) with the statistics of the ``real`` ones (N,), by torch's own kernel."""
        if bool(real.all()):
            return super().forward(flat)
        rows = real.nonzero().squeeze(1)
        self._check_input_dim(flat)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        out, mean, scale = torch.native_batch_norm(
            flat.index_select(0, rows),
            self.weight,
            self.bias,
            self.running_mean,
            self.running_var,
            True,
            float(self.momentum or 0),
            self.eps,
        )
        with torch.no_grad():  # what padding becomes matters to nothing
            others = (flat.detach() - mean) * scale
            others = others * self.weight + self.bias if self.affine else others
        return others.index_copy(0, rows, out)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, frames: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        nonempty = (frames > 0).to(mean.dtype)  # a batch of padding alone leaves the statistics as they are
        self.num_batches_tracked += frames > 0
        rate = nonempty / self.num_batches_tracked.clamp(min=1) if self.momentum is None else nonempty * self.momentum
        unbiased = variance * (frames / (frames - 1).clamp(min=1))
        self.running_mean += rate * (mean - self.running_mean)
        self.running_var += rate * (unbiased - self.running_var)


def _over_ranks(values: Tensor) -> Tensor:
    """Sum over the ranks of torch.distributed; the gradient is propagated."""
    if not (dist.is_available() and dist.is_initialized()):
        return values
    from torch.distributed.nn.functional import all_reduce

    total: Tensor = all_reduce(values)  # type: ignore[no-untyped-call]
    return total
