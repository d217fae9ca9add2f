"""The convolutions from samples to frames, computed in blocks that give what one pass over the recording gives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from unitdisc.errors import InputError
from unitdisc.features.pretrained.architecture import Architecture, hop
from unitdisc.features.samples import Samples

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# Frames that the convolutions compute at a time: on a CPU, so many as its caches hold.
block: Mapping[str, int] = MappingProxyType({"cpu": 64, "cuda": 4096})


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution as products of matrices, a norm over the outputs of each frame if there is one, and GELU.

    In ``matrix`` (kernel · C, C') the places of the kernel follow one another.
    """

    matrix: "Tensor"
    bias: "Tensor | None"
    kernel: int
    stride: int
    norm: "torch.nn.LayerNorm | None" = None

    def __call__(self, x: "Tensor") -> "Tensor":
        """Map (T, C) to (T', C')."""
        import torch

        channels = x.shape[1]
        outputs = (len(x) - self.kernel) // self.stride + 1
        y = x.new_zeros(1) if self.bias is None else self.bias
        # As many places as a stride has are one row of x seen as a matrix, so no windows are copied.
        for first in range(0, self.kernel, self.stride):
            width = min(self.stride, self.kernel - first) * channels
            rows = x[first:].as_strided((outputs, width), (self.stride * channels, 1))
            y = torch.addmm(y, rows, self.matrix[first * channels : first * channels + width])
        if self.norm is not None:
            norm = self.norm  # torchaudio's, which takes (C, T) where it is called
            y = torch.nn.functional.layer_norm(y, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        return torch.nn.functional.gelu(y)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording before the network: its padded samples (N, 1), its number of frames, and the convolutions for it."""

    samples: "Tensor"
    frames: int
    convolutions: tuple[Convolution, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """All convolutions of a network; ``group_norm`` is that of the first over the whole recording, if it has one."""

    convolutions: tuple[Convolution, ...]
    group_norm: "torch.nn.GroupNorm | None"
    architecture: Architecture

    def prepared(self, samples: Samples) -> Recording:
        """Return a recording of samples (N,) at 16 kHz, padded with zeros so that its frames are N / 320, rounded.

        Frame i is computed from the samples around (i + 0.5) · 320, as many before as after. A norm of the waveform, or
        of the first convolution, is over the whole recording. Raises InputError for fewer samples than half a frame.
        """
        import torch

        frames, reach = int(len(samples) / hop + 0.5), self.architecture.reach
        if not frames:
            raise InputError(f"{len(samples)} samples are less than half a frame")
        if self.architecture.waveform_epsilon is not None:
            wide = samples.astype(np.float64)
            deviation = np.sqrt(wide.var() + self.architecture.waveform_epsilon)
            samples = ((wide - wide.mean()) / deviation).astype(np.float32)
        before, length = (reach - hop) // 2, (frames - 1) * hop + reach
        padded = np.zeros(length, dtype=np.float32)
        used = samples[: length - before]
        padded[before : before + len(used)] = used
        first, *others = self.convolutions
        on_device = torch.from_numpy(padded).to(first.matrix.device)
        if self.group_norm is not None:
            first = normalising(first, self.group_norm, on_device)
        return Recording(on_device[:, None], frames, (first, *others))

    def frames(self, recording: Recording, start: int, stop: int) -> "Tensor":
        """Return the frames (T, C) from ``start`` to ``stop``."""
        import torch

        blocks, size = [], block[recording.samples.device.type]
        for first in range(start, stop, size):
            last = min(first + size, stop) - 1
            x = recording.samples[first * hop : last * hop + self.architecture.reach]
            for convolution in recording.convolutions:
                x = convolution(x)
            blocks.append(x)
        return torch.cat(blocks)


def front(extractor: Any, architecture: Architecture) -> Front:
    """Return the convolutions of torchaudio's feature extractor."""
    whole = architecture.extractor_mode == "group_norm"
    convolutions = tuple(
        Convolution(
            layer.conv.weight.permute(2, 1, 0).flatten(0, 1).contiguous(),
            layer.conv.bias,
            int(layer.kernel_size),
            int(layer.stride),
            None if whole else layer.layer_norm,
        )
        for layer in extractor.conv_layers
    )
    return Front(convolutions, extractor.conv_layers[0].layer_norm if whole else None, architecture)


def normalising(convolution: Convolution, norm: "torch.nn.GroupNorm", samples: "Tensor") -> Convolution:
    """Return the first convolution with its norm, which is over all its outputs for the ``samples`` (N,), within it.

    Mean and variance of its outputs follow from those of the samples at the places of its kernel, which are few.
    """
    import torch

    windows = samples.unfold(0, convolution.kernel, convolution.stride)  # (outputs, K), a view
    total = samples.new_zeros(windows.shape[1], dtype=torch.float64)
    products = total.outer(total)
    for part in torch.split(windows, 2**16):
        wide = part.double()
        total, products = total + wide.sum(0), products + wide.T @ wide
    mean = total / len(windows)
    matrix = convolution.matrix.double()  # (K, C)
    variance = (matrix * ((products / len(windows) - mean.outer(mean)) @ matrix)).sum(0).clamp(min=0)
    scale = norm.weight.double() / (variance + norm.eps).sqrt()
    # A bias of the convolution shifts its outputs and their mean alike.
    offset = norm.bias.double() - (mean @ matrix) * scale
    return replace(convolution, matrix=(matrix * scale).float(), bias=offset.float())
