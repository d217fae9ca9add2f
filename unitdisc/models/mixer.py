"""The mixer: convolutions that combine a token's code with those of its neighbours before decoding."""

from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import MixerSettings


class Mixer(nn.Module):
    """A convolution of width 1, then residual ones of width 3 with dilation: codes (B, T', D) → (B, T', C)."""

    def __init__(self, inputs: int, settings: MixerSettings) -> None:
        super().__init__()
        self.outputs = settings.channels
        self.entry = nn.Conv1d(inputs, settings.channels, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(settings.channels, settings.channels, 3, padding=dilation, dilation=dilation)
            for dilation in settings.dilations
        )

    def forward(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Mix codes (B, T', D), of which ``tokens`` (B, T') marks the real ones; the others become zero."""
        real = tokens.unsqueeze(1)
        x: Tensor = self.entry(codes.transpose(1, 2)) * real
        for layer in self.layers:
            x = (x + functional.relu(layer(x))) * real
        return x.transpose(1, 2)
