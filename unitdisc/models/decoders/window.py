"""The window decoder: each code reconstructs the frames around its token."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.settings import WindowSettings
from unitdisc.models.decoding import Decoding
from unitdisc.models.parts import Decoder


class WindowDecoder(Decoder):
    """Reconstructs a window per code, given the speaker: its token's frames and ``context`` more on either side.

    A window wider than the token makes a unit represent a stretch of sound or ink rather than an instant. With kernel 1
    each code is decoded alone; with wider kernels neighbouring codes contribute.
    """

    Settings = WindowSettings
    reconstructs = WindowSettings.reconstructs

    def __init__(self, width: int, sizes: Sizes, settings: WindowSettings) -> None:
        super().__init__()
        self.stride, self.context, self.jitter = sizes.stride, settings.context, settings.jitter
        self.speakers = nn.Embedding(max(sizes.speakers, 1), settings.speaker_dim) if settings.speaker_dim else None
        self.by_speaker = self.speakers is not None
        widths = [width + settings.speaker_dim] + [settings.channels] * settings.layers
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, settings.kernel, padding=settings.kernel // 2)
            for before, after in pairwise(widths)
        )
        self.output = nn.Conv1d(settings.channels, self.window * sizes.inputs, 1)

    @property
    def window(self) -> int:
        """Frames that a token reconstructs."""
        return self.stride + 2 * self.context

    def forward(self, codes: Tensor, speaker: Tensor) -> Tensor:
        """Map codes (B, T', C) and speaker indices (B,), −1 for an unknown speaker, to windows (B, T', W, D)."""
        if self.training and self.jitter:
            codes = jittered(codes, self.jitter)
        x = codes.transpose(1, 2)  # (B, C, T')
        if self.speakers is not None:
            known = self.speakers(speaker.clamp(min=0))
            vector = torch.where((speaker < 0).unsqueeze(1), self.speakers.weight.mean(dim=0), known)
            x = torch.cat([x, vector.unsqueeze(2).expand(-1, -1, x.shape[2])], dim=1)
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        windows: Tensor = self.output(x)
        return windows.transpose(1, 2).reshape(*codes.shape[:2], self.window, -1)

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the mean squared error over the real frames of all windows."""
        windows, real = self.targets(batch.clean, batch.mask)
        real = real & tokens.unsqueeze(2)
        errors = (self(codes, batch.speaker).float() - windows).square().mean(dim=3)  # (B, T', W)
        mean: Tensor = (errors * real).sum() / real.sum().clamp(min=1)
        return mean

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:
        """Return the frames (B, T' · stride, D), each the mean over all windows that have it."""
        speaker = torch.full((len(codes),), how.speaker, device=codes.device)
        return overlapped(self(codes, speaker), self.stride, self.context)

    def targets(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Cut frames (B, T, D) and their mask (B, T) into windows (B, T', W, D) and masks (B, T', W)."""
        after = self.context + -frames.shape[1] % self.stride
        padded = functional.pad(frames, (0, 0, self.context, after))
        real = functional.pad(mask, (self.context, after))
        windows = padded.unfold(1, self.window, self.stride).transpose(2, 3)
        return windows, real.unfold(1, self.window, self.stride)


def overlapped(windows: Tensor, stride: int, context: int) -> Tensor:
    """Return the frames (B, T' · stride, D) of windows (B, T', W, D), the mean where several have the same frame.

    Window t begins ``context`` frames before frame t · stride. What windows have beyond the ends is left out.
    """
    tokens, window = windows.shape[1:3]
    starts = torch.arange(tokens, device=windows.device).unsqueeze(1) * stride
    places = (starts + torch.arange(window, device=windows.device)).flatten()
    length = tokens * stride + 2 * context
    sums = windows.new_zeros(len(windows), length, windows.shape[3]).index_add_(1, places, windows.flatten(1, 2))
    means = sums / torch.bincount(places, minlength=length).clamp(min=1).unsqueeze(1)
    return means[:, context : length - context]


def jittered(codes: Tensor, chance: float) -> Tensor:
    """Replace each token's code (B, T', C), with this chance, by one of its neighbours' (Chorowski et al. 2019)."""
    batch, tokens, _ = codes.shape
    draw = torch.rand(batch, tokens, device=codes.device)
    step = (draw < chance / 2).long() - ((draw >= chance / 2) & (draw < chance)).long()
    source = (torch.arange(tokens, device=codes.device) + step).clamp(0, tokens - 1)  # (B, T')
    return codes.gather(1, source.unsqueeze(2).expand_as(codes))
