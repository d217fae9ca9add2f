"""The output of a layer of a network for a recording of any length; long ones are cut into pieces."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.choices import LayerOutput
from unitdisc.errors import InputError
from unitdisc.features.pretrained.architecture import Architecture
from unitdisc.features.pretrained.front import Front, Recording, front
from unitdisc.features.pretrained.transformer import transformed
from unitdisc.features.pretrained.weights import load
from unitdisc.features.samples import Samples

if TYPE_CHECKING:
    import torch


class Piece(NamedTuple):
    """The frames from ``start`` to ``stop`` that the transformer sees together, and those of them that are kept."""

    start: int
    stop: int
    kept_from: int
    kept_to: int


def pieces(frames: int, length: int | None, overlap: int) -> list[Piece]:
    """Cut a recording into pieces of ``length`` frames, the last two closer together if need be.

    Kept frames have at least ``overlap`` frames of their piece on both sides, or all that there are; together they are
    each frame once. None as length keeps the recording whole.
    """
    if length is None or frames <= length:
        return [Piece(0, frames, 0, frames)]
    step = length - 2 * overlap
    starts = [*range(0, frames - length, step), frames - length]
    joins = [0, *((left + length + right) // 2 for left, right in pairwise(starts)), frames]
    return [
        Piece(start, start + length, first, last) for start, (first, last) in zip(starts, pairwise(joins), strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The first ``layer`` layers of a network; see ``LayerOutput`` for what is taken of the last one."""

    front: Front
    encoder: Any
    layer: int
    output: LayerOutput

    def __call__(self, samples: Samples, *, length: int | None, overlap: int) -> Matrix:
        """Return the output (T, D) of the layer for samples (N,) at 16 kHz, in pieces of ``length`` frames.

        Raises InputError for fewer samples than half a frame.
        """
        import torch

        with torch.inference_mode(), _exact():
            recording = self.front.prepared(samples)
            parts = [self._kept(recording, piece) for piece in pieces(recording.frames, length, overlap)]
        return np.concatenate(parts)

    def _kept(self, recording: Recording, piece: Piece) -> Matrix:
        # The frames of each piece anew, so that memory does not grow with the recording.
        frames = self.encoder.feature_projection(self.front.frames(recording, piece.start, piece.stop))
        values = transformed(self.encoder.transformer, frames, self.layer, self.output)
        kept: Matrix = values[piece.kept_from - piece.start : piece.kept_to - piece.start].cpu().numpy()
        return kept


def network(
    architecture: Architecture, weights: Path, layer: int, output: LayerOutput, device: "torch.device"
) -> Network:
    """Load a network up to ``layer``; 0 is the input of the first one.

    Raises InputError for a layer that it does not have, for an output that its layers do not have, and for weights that
    are not its own.
    """
    if layer > architecture.encoder_num_layers:
        what = f"has {architecture.encoder_num_layers} layers, and not {layer}"
        raise InputError(what, weights, fix="choose a lower layer")
    if output == "normalised" and not architecture.encoder_layer_norm_first:
        what = "normalises the output of every layer already"
        raise InputError(what, weights, fix="leave out output: normalised")
    model = load(architecture, weights, layers=layer).to(device)
    return Network(front(model.feature_extractor, architecture), model.encoder, layer, output)


@contextmanager
def _exact() -> Iterator[None]:
    """Compute with all bits of float32 on a GPU, and in the same order each time."""
    import torch

    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
