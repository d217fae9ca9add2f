"""The gated PixelCNN decoder: the grey level of each pixel of a line, given those before it and the codes."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.drawing import Drawing
from unitdisc.models.decoders.gated_layer import GatedLayer
from unitdisc.models.decoders.settings import PixelCNNSettings
from unitdisc.models.decoding import Decoding
from unitdisc.models.parts import Decoder
from unitdisc.progress import track


class PixelCNN(Decoder):
    """Autoregressive over columns, and over the pixels of a column from the top (van den Oord et al. 2016).

    Two stacks as in that paper, rotated by 90°: one sees all earlier columns; the other receives the output of the
    first and sees the pixels above in the same column, so that there is no blind spot. Every gate is conditioned on the
    code of its column.
    """

    Settings = PixelCNNSettings
    likelihood = PixelCNNSettings.likelihood
    reconstructs = PixelCNNSettings.reconstructs
    draws = True

    def __init__(self, width: int, sizes: Sizes, settings: PixelCNNSettings) -> None:
        super().__init__()
        self.stride, self.height, self.levels = sizes.stride, sizes.inputs, settings.levels
        kernels = [settings.first_kernel] + [settings.kernel] * (settings.layers - 1)
        self.layers = nn.ModuleList(
            GatedLayer(1 if first else settings.channels, settings.channels, width, kernel, first=first)
            for first, kernel in ((layer == 0, kernel) for layer, kernel in enumerate(kernels))
        )
        self.output = nn.Sequential(
            nn.ReLU(), nn.Conv2d(settings.channels, settings.channels, 1), nn.ReLU(),
            nn.Conv2d(settings.channels, settings.levels, 1),
        )  # fmt: skip

    def forward(self, codes: Tensor, columns: Tensor) -> Tensor:
        """Return the logits (B, levels, H, T) of the grey levels, from codes (B, T', C) and columns (B, T, H)."""
        grey = self.grey(self.quantise(columns), codes.dtype)
        above = earlier = grey.transpose(1, 2).unsqueeze(1)  # (B, 1, H, T)
        per_token = codes.transpose(1, 2).unsqueeze(2)  # (B, C, 1, T')
        for layer in self.layers:
            earlier, above = layer(earlier, above, per_token, self.stride)
        logits: Tensor = self.output(above)
        return logits

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:  # noqa: ARG002 (columns are masked instead)
        """Return the cross-entropy per pixel in nats, over the real columns."""
        per_column = self._per_pixel(codes, batch).mean(1)
        return per_column.masked_fill(~batch.mask, 0).sum() / batch.mask.sum().clamp(min=1)

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return −log p (B,) of the grey levels of each line, and its number of pixels (B,)."""
        per_column = self._per_pixel(codes, batch).double().sum(1)
        return per_column.masked_fill(~batch.mask, 0).sum(1), batch.mask.sum(1) * batch.clean.shape[2]

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:
        """Return columns (B, T' · stride, H), each pixel given those before it: drawn, or the most likely level.

        A line of the most likely pixels is not the most likely line, which no search finds. Draws are made on the CPU.
        """
        chosen = most_likely if how.seed is None else partial(drawn, generator=how.generator())
        drawing = Drawing(self, codes, self.height)
        tokens = [token for token in range(codes.shape[1]) for _ in range(self.stride)]
        columns = [drawing.column(token, chosen) for token in track(tokens, "pixels", total=len(tokens))]
        return torch.stack(columns, dim=1).to(codes.dtype) / (self.levels - 1)

    def grey(self, levels: Tensor, dtype: torch.dtype) -> Tensor:
        """Return grey levels, from 0, as numbers from -1 to 1."""
        return 2 * levels.to(dtype) / (self.levels - 1) - 1

    def _per_pixel(self, codes: Tensor, batch: Batch) -> Tensor:
        """Return −log p (B, H, T) of the grey level of each pixel."""
        logits = self(codes, batch.clean).float()
        levels = self.quantise(batch.clean).transpose(1, 2)
        return functional.cross_entropy(logits, levels, reduction="none")

    def quantise(self, columns: Tensor) -> Tensor:
        """Return the grey levels, int64 from 0, nearest to values in [0, 1]."""
        return (columns.clamp(0, 1) * (self.levels - 1)).round().long()


def most_likely(logits: Tensor) -> Tensor:
    """Return the level (B,) that each of the logits (B, levels) makes most likely."""
    return logits.argmax(1)


def drawn(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Return a level (B,) drawn from each distribution (B, levels)."""
    chances = logits.float().softmax(1).cpu()
    return torch.multinomial(chances, 1, generator=generator)[:, 0].to(logits.device)
