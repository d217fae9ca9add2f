"""The decoder of the published CIFAR-10 model: the distribution of every colour value of an image."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.categorical import categorical_nats
from unitdisc.models.decoders.settings import ImageDecoderSettings
from unitdisc.models.decoding import Decoding
from unitdisc.models.image_layers import (
    PlaneNorm,
    ResidualBlock,
    colours,
    halvings,
    image_sizes,
    levels,
    patches,
    pixels,
    quantised,
)
from unitdisc.models.parts import Decoder


class ImageDecoder(Decoder):
    """The encoder `image` mirrored: a distribution over 256 levels for each of the H · W · 3 values, given the codes.

    A convolution 1×1, residual blocks, transposed convolutions 4×4 with stride 2, each with batch norm and ReLU, and a
    convolution 1×1 to the logits of 3 · 256 levels. With patches of 4 × 4 pixels and the published sizes it has 3.67 M
    parameters. Raises ValueError for features that are no images, and for an encoder without a token for each patch.
    """

    Settings = ImageDecoderSettings
    likelihood = ImageDecoderSettings.likelihood
    reconstructs = ImageDecoderSettings.reconstructs
    draws = True

    def __init__(self, width: int, sizes: Sizes, settings: ImageDecoderSettings) -> None:
        super().__init__()
        self.grid, self.patch = image_sizes(sizes)
        if sizes.stride != 1:
            raise ValueError(f"the decoder image needs a token a patch, and the encoder has one for {sizes.stride}")
        channels, inner = settings.channels, settings.residual_channels or settings.channels
        layers: list[nn.Module] = [nn.Conv2d(width, channels, 1)]
        layers += [ResidualBlock(channels, inner) for _ in range(settings.residual_blocks)]
        for _ in range(halvings(self.patch)):
            layers += [nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1), PlaneNorm(channels), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        output = nn.Linear(channels, colours * levels)  # the last convolution 1×1, whose output is never stored
        self.weight, self.bias = output.weight, output.bias

    def forward(self, codes: Tensor) -> Tensor:
        """Return what the logits are linear in, (B, H, W, C), given codes (B, T', C') of whole images."""
        planes = codes.reshape(len(codes), *self.grid, -1).permute(0, 3, 1, 2)
        mapped: Tensor = self.layers(planes)
        return mapped.permute(0, 2, 3, 1)

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:  # noqa: ARG002 (whole images have no padding)
        """Return −log p in nats a value, the mean over the values of all images."""
        total, each = self._nats(codes, batch)
        return total / (each.numel() * colours)

    @torch.no_grad()
    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return −log p (B,) of each image given its codes, and its number of values (B,), H · W · 3; no gradient."""
        _, each = self._nats(codes, batch)
        values = math.prod(self.grid) * self.patch**2 * colours
        return each.double().view(len(codes), -1).sum(1), tokens.new_full((len(codes),), values, dtype=torch.int64)

    def logits(self, codes: Tensor) -> Tensor:
        """Return the logits (B, H, W, 3, 256) of the levels of every value."""
        logits = functional.linear(self(codes), self.weight, self.bias)
        return logits.view(*logits.shape[:3], colours, levels)

    @torch.no_grad()
    def reconstruct(self, codes: Tensor, by: Literal["mean", "mode"] = "mean") -> Tensor:
        """Return the images (B, H, W, 3) that codes (B, T', C') stand for, float32 from 0 to 255.

        That is the expected level of each value or, by mode, the most likely one.
        """
        logits = self.logits(codes).float()
        if by == "mode":
            return logits.argmax(4).float()
        return logits.softmax(4) @ torch.arange(levels, dtype=torch.float32, device=logits.device)

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:
        """Return the patches (B, T, patch² · 3) of the reconstructed images, values from −0.5 to 0.5."""
        pixels = self.reconstruct(codes) if how.seed is None else self.drawn(codes, how)
        return patches(pixels / (levels - 1) - 0.5, self.patch)

    @torch.no_grad()
    def drawn(self, codes: Tensor, how: Decoding) -> Tensor:
        """Return images (B, H, W, 3), float32 from 0 to 255, each value drawn by itself from its distribution."""
        chances = self.logits(codes).float().softmax(4)
        found = torch.multinomial(chances.flatten(0, 3).cpu(), 1, generator=how.generator())
        return found.view(chances.shape[:4]).to(chances)

    def _nats(self, codes: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return −log p of all images together, and of each pixel (B · H · W,) without gradient."""
        targets = quantised(pixels(batch.clean, self.grid)).flatten(0, 2)
        return categorical_nats(self(codes).flatten(0, 2), self.weight, self.bias, targets)
