"""The mixer: convolutions that combine a token's code with those of its neighbours before decoding."""

from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import MixerSettings
from unitdisc.models.encoders.dilated import DilatedBlock


class Mixer(nn.Module):
    """A convolution of width 1, then residual ones of width 3 with dilation: codes (B, T', D) → (B, T', C)."""

    def __init__(self, inputs: int, settings: MixerSettings) -> None:
        super().__init__()
        self.outputs = settings.channels
        self.entry = nn.Conv1d(inputs, settings.channels, 1)
        self.layers = nn.ModuleList(
            DilatedBlock(settings.channels, dilation, settings.dropout)
            if settings.batch_norm
            else PlainBlock(settings.channels, dilation)
            for dilation in settings.dilations
        )

    def forward(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Mix codes (B, T', D), of which ``tokens`` (B, T') marks the real ones; the others become zero."""
        x: Tensor = self.entry(codes.transpose(1, 2)).transpose(1, 2) * tokens.unsqueeze(2)
        for layer in self.layers:
            x = layer(x, tokens)
        return x


class PlainBlock(nn.Conv1d):
    """x + ReLU(dilated convolution of x): (B, T, C) → (B, T, C), zero on padding."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__(channels, channels, 3, padding=dilation, dilation=dilation)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """Map (B, T, C), zero on padding, to the same shape; ``mask`` (B, T) is true on real tokens."""
        y = functional.relu(super().forward(x.transpose(1, 2))).transpose(1, 2)
        return (x + y) * mask.unsqueeze(2)
