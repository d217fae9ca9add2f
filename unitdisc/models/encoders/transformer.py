"""An encoder that sees the whole chunk: a strided convolution, then layers of self-attention."""

from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.settings import TransformerSettings
from unitdisc.models.padding import even_padding, pad_to_multiple
from unitdisc.models.parts import Encoder


class TransformerEncoder(Encoder):
    """ReLU(norm(strided convolution)), plus a depthwise convolution that tells places, then Transformer layers.

    Places are relative, as in wav2vec 2.0 (Baevski et al. 2020). Attention runs over the whole input: memory grows with
    the square of its length, about 0.1 GB a minute of speech at 20 ms a token with 4 heads.
    """

    Settings = TransformerSettings

    def __init__(self, sizes: Sizes, settings: TransformerSettings) -> None:
        super().__init__()
        self.stride, self.outputs = settings.stride, settings.channels
        padding = even_padding(settings.kernel, settings.stride)
        self.entry = nn.Conv1d(
            sizes.inputs, settings.channels, settings.kernel, stride=settings.stride, padding=padding
        )
        self.norm = MaskedBatchNorm(settings.channels)
        self.places = nn.Conv1d(
            settings.channels,
            settings.channels,
            settings.positions,
            padding=settings.positions // 2,
            groups=settings.channels,
        )
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                settings.channels,
                settings.heads,
                settings.feedforward,
                settings.dropout,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(settings.depth)
        )

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T')."""
        layers, mask = self.layers(frames, mask)
        return layers[-1], mask

    def layers(self, frames: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the outputs (B, T', C) of the convolutions and of each layer, and the mask (B, T')."""
        frames, mask = pad_to_multiple(frames * mask.unsqueeze(2), mask, self.stride)
        x = self.entry(frames.transpose(1, 2)).transpose(1, 2)
        mask = mask.view(len(mask), -1, self.stride).any(dim=2)
        real = mask.unsqueeze(2)
        x = functional.relu(self.norm(x, mask)) * real
        x = (x + functional.gelu(self.places(x.transpose(1, 2)).transpose(1, 2))) * real
        layers = [x]
        for block in self.blocks:
            # A row of padding alone would attend to nothing, and become NaN.
            x = block(x, src_key_padding_mask=~mask & mask.any(dim=1, keepdim=True)) * real
            layers.append(x)
        return layers, mask
