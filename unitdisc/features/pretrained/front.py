"""The convolutions from samples to frames, computed in blocks that give what one pass over the recording gives."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unitdisc.errors import InputError
from unitdisc.features.pretrained.architecture import Architecture, hop
from unitdisc.features.samples import Samples

if TYPE_CHECKING:
    import torch
    from torch import Tensor

block = 256  # frames that the convolutions compute at a time: little memory, and faster than many


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

    blocks = []
    for first in range(start, stop, block):
        last = min(first + block, stop) - 1
        x = recording.samples[first * hop : last * hop + reach][None, None]
        for number, layer in enumerate(extractor.conv_layers):
            if number or recording.scale is None or recording.offset is None:
                x, _ = layer(x, None)
            else:
                x = torch.nn.functional.gelu(torch.addcmul(recording.offset, layer.conv(x), recording.scale))
        blocks.append(x[0].T)
    return torch.cat(blocks)


def _norm(samples: "Tensor", layer: Any) -> "tuple[Tensor, Tensor]":
    """Return scale and offset (C, 1) of the norm of the first convolution, which is over all its outputs."""
    import torch

    kernel, stride = int(layer.kernel_size), int(layer.stride)
    outputs = (len(samples) - kernel) // stride + 1
    at_once = block * hop // stride

    def moment(power: int, centre: "Tensor | float") -> "Tensor":
        total = torch.zeros(layer.conv.out_channels, dtype=torch.float64, device=samples.device)
        for first in range(0, outputs, at_once):
            last = min(first + at_once, outputs) - 1
            values = layer.conv(samples[first * stride : last * stride + kernel][None, None])[0]
            total += (values.double() - centre).pow(power).sum(1)
        return total / outputs

    mean = moment(1, 0.0)
    deviation = (moment(2, mean[:, None]) + layer.layer_norm.eps).sqrt()
    scale = layer.layer_norm.weight.double() / deviation
    offset = layer.layer_norm.bias.double() - mean * scale
    return scale.float()[:, None], offset.float()[:, None]
