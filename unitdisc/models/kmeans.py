"""The baseline: k-means on stacked frames."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from unitdisc.codebook.distances import nearest
from unitdisc.config import KMeansModel, StackedFrames
from unitdisc.models.batch import Sizes
from unitdisc.models.decoding import Decoding, usual
from unitdisc.models.stretches import joined, stretches
from unitdisc.models.unit_model import UnitModel
from unitdisc.stages import Stage


class KMeans(UnitModel):
    """A codebook (K, (2 · context + 1) · D) of stacked frames; the unit of a token is its nearest codeword."""

    Settings: ClassVar[type[StackedFrames]] = KMeansModel
    stage_names = (Stage.FEATURES, Stage.CODES)
    trained_by = KMeansModel.trained_by
    codebook: Tensor

    def __init__(self, settings: StackedFrames, sizes: Sizes) -> None:
        super().__init__()
        self.stride, self.context = settings.stride, settings.context
        width = sizes.inputs * (2 * settings.context + 1)
        self.register_buffer("codebook", torch.zeros(settings.units, width))

    def vectors(self, frames: Tensor) -> Tensor:
        """Return what is clustered (T', width): the mean over each token's frames, stacked with their neighbours.

        Beyond the edges the first and the last frame are repeated.
        """
        length = len(frames)
        rows = torch.arange(-self.context, length + self.context, device=frames.device).clamp(0, length - 1)
        whole, edges = length - length % self.stride, 2 * self.context
        parts = [self._tokens(frames[rows[: whole + edges]], self.stride)] if whole else []
        if whole < length:
            parts.append(self._tokens(frames[rows[whole:]], length - whole))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _tokens(self, frames: Tensor, size: int) -> Tensor:
        """Return the vectors of tokens of ``size`` frames, given frames (T, D) that go on over the edges."""
        starts = len(frames) - size + 1
        sums = frames[:starts].clone()
        for after in range(1, size):
            sums += frames[after : starts + after]
        return (sums / sums.new_tensor(size)).unfold(0, 2 * self.context + 1, size).flatten(1)

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',) of one utterance's normalised frames (T, D)."""
        return joined(nearest(vectors, self.codebook)[0] for vectors in self.vector_stretches(frames))

    def vector_stretches(self, frames: Tensor) -> Iterator[Tensor]:
        """Yield the vectors (t, width) of an utterance, those of a long one some minutes at a time."""
        for part, wanted in stretches(frames, stride=self.stride, reach=self.context):
            yield self.vectors(part)[wanted]

    @property
    def reconstructs(self) -> bool:
        """True: a unit stands for its centroid."""
        return True

    @torch.no_grad()
    def reconstruct(self, frames: Tensor, how: Decoding = usual, *, quantise: bool = True) -> Tensor:
        """Return the centroid of each frame's token (T, D), without the neighbours it is stacked with.

        Without ``quantise`` it is the mean over the token's frames.
        """
        if not quantise:
            return self._middles(self.vectors(frames))[: len(frames)]
        return self.reconstruct_units(self.encode(frames), how)[: len(frames)]

    @torch.no_grad()
    def reconstruct_units(self, units: Tensor, how: Decoding = usual) -> Tensor:  # noqa: ARG002 (a centroid is one)
        """Return the centroid of each unit (T',), without neighbours, once for each frame of its token."""
        return self._middles(self.codebook[units])

    def _middles(self, stacked: Tensor) -> Tensor:
        """Return the middle frames of stacks (T', D · (2 · context + 1)), each ``stride`` times.

        A stack has each feature of all its frames side by side, not one frame after the other.
        """
        return stacked[:, self.context :: 2 * self.context + 1].repeat_interleave(self.stride, 0)

    @torch.no_grad()
    def stages(self, frames: Tensor) -> dict[Stage, Tensor]:
        """Return the frames and the centroids of their tokens; k-means has no encoder."""
        return {Stage.FEATURES: frames, Stage.CODES: self.codebook[self.encode(frames)]}
