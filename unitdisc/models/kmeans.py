"""The baseline: k-means on stacked frames, with the same way to encode as a trained model."""

import torch
from torch import Tensor, nn

from unitdisc.codebook.distances import nearest
from unitdisc.config import KMeansModel


class KMeans(nn.Module):
    """A codebook (K, (2 · context + 1) · D) of stacked frames; the unit of a token is its nearest codeword."""

    codebook: Tensor

    def __init__(self, inputs: int, settings: KMeansModel) -> None:
        super().__init__()
        self.stride, self.context = settings.stride, settings.context
        width = inputs * (2 * settings.context + 1)
        self.register_buffer("codebook", torch.zeros(settings.codewords, width))

    def vectors(self, frames: Tensor) -> Tensor:
        """Return what is clustered (T', width): each token's frames averaged, with its neighbours', edges repeated."""
        length = len(frames)
        rows = torch.arange(-self.context, length + self.context, device=frames.device).clamp(0, length - 1)
        stacked = frames[rows].unfold(0, 2 * self.context + 1, 1).flatten(1) if self.context else frames
        if self.stride == 1:
            return stacked
        tokens = torch.arange(length, device=frames.device) // self.stride
        sums = stacked.new_zeros(int(tokens[-1]) + 1, stacked.shape[1]).index_add_(0, tokens, stacked)
        return sums / tokens.bincount().unsqueeze(1)

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',) of one utterance's normalised frames (T, D); T' is T / stride rounded up."""
        units, _ = nearest(self.vectors(frames), self.codebook)
        return units
