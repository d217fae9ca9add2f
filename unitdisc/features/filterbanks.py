"""Kaldi's log-mel filterbanks and MFCC, of frames that are cut already: torchaudio's, whose tables are made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

# Kaldi's constants; those of the energy are meant for 16-bit samples.
full_scale, preemphasis, energy_floor = 32768, 0.97, 1.0
lowest, lifter = 20.0, 22.0  # Hz of the lowest bin's foot; what cepstra are scaled by


@dataclass(frozen=True, slots=True)
class Front:
    """Samples in a frame and between the starts of two, their rate, mel bins, and cepstra, if any are wanted."""

    window: int
    shift: int
    rate: int
    bins: int
    cepstra: int | None
    energy: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """What frames are multiplied by: the window, the mel banks (bins, F), and the cosines (bins, C) with their lifter.

    A spectrum has F values.
    """

    window: "Tensor"
    banks: "Tensor"
    cosines: "Tensor | None"
    lifter: "Tensor | None"


@lru_cache(maxsize=8)
def tables_of(front: Front) -> Tables:
    """Return the tables, which take longer to make than an utterance of a second."""
    import torch
    import torchaudio.compliance.kaldi as compliance

    window = torch.hann_window(front.window, periodic=False).pow(0.85)  # Povey's
    padded = _padded(front.window)
    banks, _ = compliance.get_mel_banks(front.bins, padded, float(front.rate), lowest, 0.0, 100.0, -500.0, 1.0)
    banks = torch.nn.functional.pad(banks, (0, 1))  # nothing of the highest frequency
    if front.cepstra is None:
        return Tables(window, banks, None, None)
    cosines = compliance._get_dct_matrix(front.cepstra, front.bins)
    return Tables(window, banks, cosines, compliance._get_lifter_coeffs(front.cepstra, lifter).unsqueeze(0))


def static_features(samples: NDArray[np.float32], front: Front) -> "Tensor":
    """Return the features (T, D) of the whole frames of samples (N,), the log energy first if it is wanted.

    The steps and their order are those of ``torchaudio.compliance.kaldi``, to the last bit, without dither.
    """
    import torch

    tables, tiny = tables_of(front), torch.tensor(torch.finfo(torch.float32).eps)
    frames = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32) * np.float32(full_scale))
    frames = frames.unfold(0, front.window, front.shift)
    frames = frames - frames.mean(dim=1).unsqueeze(1)
    spectrum = torch.fft.rfft(_windowed(frames, tables.window)).abs().pow(2.0)
    features = torch.max(spectrum.mm(tables.banks.T), tiny).log()
    if front.energy:
        energy = torch.max(frames.pow(2).sum(1), tiny).log().clamp(min=float(np.log(energy_floor)))
        features = torch.cat((energy.unsqueeze(1), features), dim=1)
    if tables.cosines is None or tables.lifter is None:
        return features
    cepstra = features[:, int(front.energy) :].matmul(tables.cosines).mul_(tables.lifter)
    if front.energy:
        cepstra[:, 0] = features[:, 0]
    return cepstra


def _padded(window: int) -> int:
    """Return the power of two that a window is filled up to."""
    return 1 << (window - 1).bit_length()


def _windowed(frames: "Tensor", window: "Tensor") -> "Tensor":
    """Return frames (T, W) pre-emphasised, multiplied by the window, and filled up with zeros to a power of two."""
    size = frames.shape[1]
    filled = frames.new_zeros(len(frames), _padded(size))
    inside = filled[:, :size]
    inside[:, 1:] = frames[:, :-1]
    inside[:, 0] = frames[:, 0]  # as if the sample before the first were like it
    inside.mul_(preemphasis).neg_().add_(frames).mul_(window)
    return filled


@lru_cache(maxsize=4)
def _kernels(order: int) -> Sequence["Tensor"]:
    """Return the filter of each order of differences: the first is repeated."""
    import torch

    step, kernel = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]) / 10, torch.ones(1)
    kernels = []
    for _ in range(order):
        kernel = torch.nn.functional.conv1d(kernel.view(1, 1, -1), step.flip(0).view(1, 1, -1), padding=4).view(-1)
        kernels.append(kernel)
    return kernels


def with_differences(static: "Tensor", order: int) -> "Tensor":
    """Append Kaldi's add-deltas (window 2): each order filters the static features (T, D), with edges repeated."""
    import torch

    parts = [static]
    for kernel in _kernels(order):
        reach = len(kernel) // 2
        rows = torch.arange(-reach, len(static) + reach).clamp(0, len(static) - 1)
        parts.append(torch.einsum("tdk,k->td", static[rows].unfold(0, len(kernel), 1), kernel))
    return torch.cat(parts, dim=1)
