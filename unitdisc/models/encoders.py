"""Encoders: from frames (B, T, D) to one vector a token (B, T', C)."""

from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import Encoder
from unitdisc.models.planes import filled


class ConvolutionalEncoder(nn.Module):
    """Strided convolutions, residual convolutions, and optionally a BiLSTM.

    The padding is even, so token i lies in the middle of its ``stride`` frames; T is filled up to a multiple of it.
    """

    def __init__(self, inputs: int, settings: Encoder) -> None:
        super().__init__()
        self.strides, self.stride = settings.strides, prod(settings.strides)
        widths = [inputs] + [settings.channels] * len(settings.kernels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride=stride, padding=(kernel - stride) // 2)
            for before, after, kernel, stride in zip(
                widths, widths[1:], settings.kernels, settings.strides, strict=False
            )
        )
        self.residual = nn.ModuleList(ResidualLayer(settings.channels) for _ in range(settings.residual_layers))
        self.dropout = nn.Dropout(settings.dropout)
        self.noise = settings.noise
        self.lstm = (
            nn.LSTM(settings.channels, settings.lstm, batch_first=True, bidirectional=True) if settings.lstm else None
        )
        self.outputs = 2 * settings.lstm or settings.channels

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T')."""
        if self.training and self.noise:
            frames = frames + self.noise * torch.randn_like(frames) * mask.unsqueeze(2)
        frames, mask = filled(frames, mask, self.stride)
        x = frames.transpose(1, 2)  # (B, D, T)
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            mask = mask.view(len(mask), -1, stride).any(dim=2)
            # Padding is zero behind every layer, as beyond the edge, so that it does not reach the real tokens.
            x = functional.relu(convolution(x)) * mask.unsqueeze(1)
        for layer in self.residual:
            x = layer(x) * mask.unsqueeze(1)
        x = self.dropout(x.transpose(1, 2))  # (B, T', C)
        if self.lstm is not None:
            x = recur(self.lstm, x, mask)
        return x, mask


class ResidualLayer(nn.Module):
    """x + convolution of width 3 → convolution of width 1, each behind a ReLU: (B, C, T) → (B, C, T)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 3, padding=1)
        self.narrow = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to the same shape."""
        y: Tensor = self.narrow(functional.relu(self.wide(x)))
        return functional.relu(x + y)


@torch.compiler.disable  # type: ignore[untyped-decorator]  # lengths go to the host: nothing there to compile
def recur(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    """Run a BiLSTM (B, T, C) → (B, T, 2H) over the real tokens of ``mask`` (B, T) alone, zeros elsewhere.

    Always in float32: on a GPU autocast would take it to float16, whose range gradients leave.
    """
    with torch.autocast(x.device.type, enabled=False):
        return _recur(lstm, x.float(), mask)


def _recur(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    if bool(mask.all()):  # as of chunks mostly: nothing to leave out
        whole: Tensor = lstm(x)[0]
        return whole
    lengths = mask.sum(dim=1).cpu()
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, _ = lstm(packed)
    padded, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
    return padded
