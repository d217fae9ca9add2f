"""The convolutions from samples to frames, computed in blocks that give what one pass over the recording gives."""

from collections.abc import Mapping
from dataclasses import dataclass
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
block: Mapping[str, int] = MappingProxyType({"cpu": 128, "cuda": 4096})


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording before the network: its padded samples, its number of frames, and the norm of the first convolution.

    ``scale`` and ``offset`` (C, 1) are None if that convolution has no norm over the whole recording.
    """

    samples: "Tensor"
    frames: int
    scale: "Tensor | None" = None
    offset: "Tensor | None" = None


def prepared(samples: Samples, extractor: Any, architecture: Architecture, device: "torch.device") -> Recording:
    """Return a recording of samples (N,) at 16 kHz, padded with zeros so that its frames are N / 320, rounded.

    Frame i is computed from the samples around (i + 0.5) · 320, as many before as after. A norm of the waveform, or of
    the first convolution, is over the whole recording. Raises InputError for fewer samples than half a frame.
    """
    import torch

    frames = int(len(samples) / hop + 0.5)
    if not frames:
        raise InputError(f"{len(samples)} samples are less than half a frame")
    if architecture.waveform_epsilon is not None:
        wide = samples.astype(np.float64)
        samples = ((wide - wide.mean()) / np.sqrt(wide.var() + architecture.waveform_epsilon)).astype(np.float32)
    before, length = (architecture.reach - hop) // 2, (frames - 1) * hop + architecture.reach
    padded = np.zeros(length, dtype=np.float32)
    used = samples[: length - before]
    padded[before : before + len(used)] = used
    recording = Recording(torch.from_numpy(padded).to(device), frames)
    if architecture.extractor_mode == "layer_norm":
        return recording
    return Recording(recording.samples, frames, *_norm(recording.samples, extractor.conv_layers[0]))


def front(recording: Recording, extractor: Any, reach: int, start: int, stop: int) -> "Tensor":
    """Return the frames (T, C) from ``start`` to ``stop``; each is computed from ``reach`` samples."""
    import torch

    blocks, size = [], block[recording.samples.device.type]
    for first in range(start, stop, size):
        last = min(first + size, stop) - 1
        x = recording.samples[first * hop : last * hop + reach][None, None]
        for number, layer in enumerate(extractor.conv_layers):
            if number or recording.scale is None or recording.offset is None:
                x, _ = layer(x, None)
            else:
                x = torch.nn.functional.gelu(torch.addcmul(recording.offset, layer.conv(x), recording.scale))
        blocks.append(x[0].T)
    return torch.cat(blocks)


def _norm(samples: "Tensor", layer: Any) -> "tuple[Tensor, Tensor]":
    """Return scale and offset (C, 1) of the norm of the first convolution, which is over all its outputs.

    Mean and variance of its outputs follow from those of the samples at the places of its kernel, which are few.
    """
    import torch

    windows = samples.unfold(0, int(layer.kernel_size), int(layer.stride))  # (outputs, K), a view
    total = samples.new_zeros(windows.shape[1], dtype=torch.float64)
    products = total.outer(total)
    for part in torch.split(windows, 2**16):
        wide = part.double()
        total, products = total + wide.sum(0), products + wide.T @ wide
    mean = total / len(windows)
    weight, bias = layer.conv.weight[:, 0].double(), layer.conv.bias  # (C, K)
    variance = ((weight @ (products / len(windows) - mean.outer(mean))) * weight).sum(1).clamp(min=0)
    scale = layer.layer_norm.weight.double() / (variance + layer.layer_norm.eps).sqrt()
    centre = weight @ mean + (0 if bias is None else bias.double())
    offset = layer.layer_norm.bias.double() - centre * scale
    return scale.float()[:, None], offset.float()[:, None]
