"""The vector-quantised autoencoder: encoder, bottleneck, decoder."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unitdisc.codebook import Bottleneck, Bottlenecked
from unitdisc.config import VQModel
from unitdisc.models.decoders import WindowDecoder
from unitdisc.models.encoders import ConvolutionalEncoder


@dataclass(frozen=True, slots=True)
class Losses:
    """What a training step minimises (``total``) and its parts, and what the bottleneck saw."""

    total: Tensor
    reconstruction: Tensor
    bottleneck: Bottlenecked
    tokens: Tensor  # (B, T') of real tokens


class Autoencoder(nn.Module):
    """Frames (B, T, inputs) → encoder → bottleneck → decoder, told the speaker → windows of frames."""

    def __init__(self, inputs: int, speakers: int, settings: VQModel) -> None:
        super().__init__()
        bottleneck = settings.bottleneck
        self.encoder = ConvolutionalEncoder(inputs, settings.encoder)
        self.bottleneck = Bottleneck(
            self.encoder.outputs,
            bottleneck.dim,
            bottleneck.codewords,
            batch_norm=bottleneck.batch_norm,
            commitment=bottleneck.commitment,
            update=bottleneck.update,
            codebooks=bottleneck.codebooks,
            decay=bottleneck.decay,
        )
        self.decoder = WindowDecoder(bottleneck.dim, inputs, self.encoder.stride, max(speakers, 1), settings.decoder)

    @property
    def stride(self) -> int:
        """Frames a token, from the strides of the encoder."""
        return self.encoder.stride

    def forward(self, frames: Tensor, mask: Tensor, speaker: Tensor, *, quantise: bool = True) -> Losses:
        """Return the losses of frames (B, T, D) with their mask (B, T) and speaker numbers (B,).

        The reconstruction loss is the mean squared error over the real frames of all windows.
        """
        encoded, tokens = self.encoder(frames, mask)
        squeezed = self.bottleneck(encoded, tokens, quantise=quantise)
        windows, real = self.decoder.targets(frames, mask)
        real = real & tokens.unsqueeze(2)
        errors = (self.decoder(squeezed.codes, speaker) - windows).square().mean(dim=3)  # (B, T', W)
        reconstruction = (errors * real).sum() / real.sum().clamp(min=1)
        return Losses(reconstruction + squeezed.loss, reconstruction, squeezed, tokens)

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',) of one utterance's normalised frames (T, D); T' is T / stride rounded up."""
        mask = torch.ones(1, len(frames), dtype=torch.bool, device=frames.device)
        encoded, tokens = self.encoder(frames.unsqueeze(0), mask)
        units: Tensor = self.bottleneck(encoded, tokens).units[0]
        return units
