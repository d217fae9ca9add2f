"""The vector quantiser: nearest codeword, straight-through gradient, codewords learnt by gradient or moving average."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook.distances import nearest, nearest_traced
from unitdisc.codebook.padding import finite_padding

Update = Literal["gradient", "ema"]
Initial = Literal["xavier", "uniform"]


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """Codes (..., D) and units of the vectors, the loss, and the mean squared distance to the codeword.

    ``units`` is int64, (...) or (..., G) with G codebooks. ``loss`` carries the gradient of encoder and codebook;
    ``distance`` is ‖x − w‖² averaged over real frames and carries none.
    """

    codes: Tensor
    units: Tensor
    loss: Tensor
    distance: Tensor


# torch.export can then return one, and finds it by this name in a program that was saved.
torch.export.register_dataclass(Quantized, serialized_type_name="unitdisc.codebook.Quantized")


class VectorQuantizer(nn.Module):
    """Replace each vector by its nearest codeword, with a straight-through gradient.

    ``codebook`` is (K, D), or (G, K, D/G) with ``codebooks`` = G groups of dimensions that are quantised separately.
    Codewords start uniform within ±√(6 / (K + D/G)) (``initial="xavier"``) or within ±1/K (``"uniform"``).
    With ``update="gradient"`` the loss is mse(sg(x), w) + commitment · mse(x, sg(w)), both means over all real
    elements (van den Oord et al. 2017, eq. 3); with ``"ema"`` only the commitment remains and the codewords follow a
    moving average of their vectors, N ← γN + (1−γ)n and w ← w + (1−γ)(Σx − n·w)/Ñ, Ñ being N with Laplace smoothing.
    This is the usual m ← γm + (1−γ)Σx, w = m/N (appendix A there) with m = N·w, so that a codeword without vectors
    stays exactly where it is; N starts at 1, and under torch.distributed n and Σx run over all ranks. Distances are
    computed in float32 or wider for any input.

    Raises ValueError for sizes below 1, a ``dim`` that ``codebooks`` does not divide, or an unknown ``update``
    or ``initial``.
    """

    counts: Tensor | None  # the moving average's N (G, K)

    def __init__(
        self,
        dim: int,
        codewords: int,
        *,
        commitment: float = 0.25,
        update: Update = "gradient",
        codebooks: int = 1,
        decay: float = 0.999,
        epsilon: float = 1e-5,
        initial: Initial = "xavier",
    ) -> None:
        super().__init__()
        if min(dim, codewords, codebooks) < 1 or dim % codebooks:
            raise ValueError(f"dim {dim}, codewords {codewords}, codebooks {codebooks}: codebooks must divide dim")
        if update not in ("gradient", "ema"):
            raise ValueError(f"update {update!r} is neither 'gradient' nor 'ema'")
        if initial not in ("xavier", "uniform"):
            raise ValueError(f"initial {initial!r} is neither 'xavier' nor 'uniform'")
        self.dim, self.codewords, self.codebooks = dim, codewords, codebooks
        self.commitment, self.update, self.decay, self.epsilon = commitment, update, decay, epsilon
        groups = torch.empty(codebooks, codewords, dim // codebooks)
        for group in groups:
            if initial == "xavier":
                nn.init.xavier_uniform_(group)
            else:
                nn.init.uniform_(group, -1 / codewords, 1 / codewords)
        self.codebook = nn.Parameter(groups if codebooks > 1 else groups[0], requires_grad=update == "gradient")
        self.register_buffer("counts", torch.ones(codebooks, codewords) if update == "ema" else None)

    def extra_repr(self) -> str:
        """Return the sizes, for the module's representation."""
        return f"dim={self.dim}, codewords={self.codewords}, codebooks={self.codebooks}, update={self.update!r}"

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Quantized:
        """Quantise ``x`` (..., D); ``mask`` (...) is true on real frames, and other frames affect no loss or statistic.

        In training mode with ``update="ema"`` the codebook is updated after the codes are computed.

        Raises ValueError for shapes that do not fit.
        """
        self._check(x, mask)
        x = finite_padding(x, mask)
        units = self.encode(x)
        wide = x.to(self._wide(x))
        words = self.decode(units).to(wide.dtype)
        loss, distance = self._loss(wide, words, mask)
        if self.training and self.counts is not None:
            self._update_average(self.counts, *self._sums(wide, units, mask))
        codes = words.detach().to(x.dtype) + (x - x.detach())
        return Quantized(codes, units, loss, distance)

    def encode(self, x: Tensor) -> Tensor:
        """Return the units of ``x`` (..., D): int64, (...) or (..., G). Raises ValueError for another last axis."""
        self._check(x, None)
        wide = self._wide(x)
        parts = x.detach().reshape(-1, self.codebooks, self.dim // self.codebooks).to(wide).unbind(1)
        words = self._groups().detach().to(wide).unbind(0)
        units = torch.stack([self._nearest(parts[group], words[group]) for group in range(self.codebooks)], -1)
        return units.view(*x.shape[:-1], self.codebooks) if self.codebooks > 1 else units.view(x.shape[:-1])

    def decode(self, units: Tensor) -> Tensor:
        """Return the codes (..., D) of ``units``, (...) or (..., G); the gradient reaches the codebook."""
        return functional.embedding(self._rows(units), self._groups().flatten(0, 1)).flatten(-2)

    @torch.no_grad()
    def replace_codewords(self, new: Tensor) -> None:
        """Copy ``new``, shaped as ``codebook``, over the codewords and reset the moving average's counts.

        Raises ValueError for another shape.
        """
        if new.shape != self.codebook.shape:
            raise ValueError(f"new codewords {tuple(new.shape)} do not fit a codebook {tuple(self.codebook.shape)}")
        self.codebook.copy_(new)
        if self.counts is not None:
            self.counts.fill_(1)

    @torch.no_grad()
    def _update_average(self, average: Tensor, counts: Tensor, sums: Tensor) -> None:
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(counts)
            dist.all_reduce(sums)
        average.mul_(self.decay).add_(counts, alpha=1 - self.decay)
        total = average.sum(1, keepdim=True)
        smooth = (average + self.epsilon) * (total / (total + self.codewords * self.epsilon))
        groups = self._groups()
        groups += (1 - self.decay) * (sums - counts.unsqueeze(-1) * groups) / smooth.unsqueeze(-1)

    def _sums(self, x: Tensor, units: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        rows, groups = self._rows(units).reshape(-1), self._groups()
        parts = x.detach().reshape(-1, groups.shape[-1]).to(torch.promote_types(groups.dtype, torch.float32))
        ones = parts.new_ones(len(parts))
        if mask is not None:
            real = mask.reshape(-1).repeat_interleave(self.codebooks)
            parts, ones = parts.masked_fill(~real.unsqueeze(1), 0), real.to(parts.dtype)
        sums = torch.zeros_like(groups, dtype=parts.dtype).view(-1, groups.shape[-1]).index_add_(0, rows, parts)
        counts = ones.new_zeros(len(sums)).index_add_(0, rows, ones)
        return counts.view(self.codebooks, -1), sums.view_as(groups)

    def _loss(self, x: Tensor, words: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        frames = x.numel() // self.dim if mask is None else mask.sum()
        pull = _squares(x - words.detach(), mask) / _at_least_one(frames)
        loss = pull * (self.commitment / self.dim)
        if self.update == "gradient":
            loss = loss + _squares(x.detach() - words, mask) / (_at_least_one(frames) * self.dim)
        return loss, pull.detach()

    def _nearest(self, x: Tensor, words: Tensor) -> Tensor:
        if torch.compiler.is_compiling() or _is_jit_tracing():
            return nearest_traced(x, words, self.codewords)
        return nearest(x, words)[0]

    def _groups(self) -> Tensor:
        return self.codebook.view(self.codebooks, self.codewords, -1)

    def _rows(self, units: Tensor) -> Tensor:
        units = units if self.codebooks > 1 else units.unsqueeze(-1)
        return units + torch.arange(self.codebooks, device=units.device) * self.codewords

    def _wide(self, x: Tensor) -> torch.dtype:
        return torch.promote_types(torch.promote_types(x.dtype, self.codebook.dtype), torch.float32)

    def _check(self, x: Tensor, mask: Tensor | None) -> None:
        if _is_jit_tracing():  # which records sizes as tensors, and warns of each comparison
            return
        if not x.ndim or x.shape[-1] != self.dim:
            raise ValueError(f"vectors {tuple(x.shape)} do not end in the quantiser's {self.dim} dimensions")
        if mask is not None and (mask.shape != x.shape[:-1] or mask.dtype != torch.bool):
            raise ValueError(f"mask {tuple(mask.shape)} of {mask.dtype} is not a bool for each of {tuple(x.shape)}")


def _is_jit_tracing() -> bool:
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return tracing


def _squares(error: Tensor, mask: Tensor | None) -> Tensor:
    if mask is not None:
        error = torch.where(mask.unsqueeze(-1), error.contiguous(), 0)
    return error.square().sum()


def _at_least_one(frames: int | Tensor) -> int | Tensor:
    return frames.clamp(min=1) if isinstance(frames, Tensor) else max(frames, 1)
