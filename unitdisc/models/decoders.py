"""Decoders: from codes (B, T', C) and a speaker to the frames (B, T, D) that they stand for."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import Decoder


class ConvolutionalDecoder(nn.Module):
    """Codes repeated to the frame rate, joined by the speaker's vector, through convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int, speakers: int, settings: Decoder) -> None:
        super().__init__()
        self.stride, self.jitter = stride, settings.jitter
        self.speakers = nn.Embedding(speakers, settings.speaker_dim) if settings.speaker_dim else None
        widths = [inputs + settings.speaker_dim] + [settings.channels] * settings.layers
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, settings.kernel, padding=settings.kernel // 2)
            for before, after in pairwise(widths)
        )
        self.output = nn.Conv1d(settings.channels, outputs, 1)

    def forward(self, codes: Tensor, speaker: Tensor, frames: int) -> Tensor:
        """Map codes (B, T', C) and speaker numbers (B,), −1 for an unknown one, to (B, frames, D)."""
        if self.training and self.jitter:
            codes = jittered(codes, self.jitter)
        x = codes.repeat_interleave(self.stride, dim=1)[:, :frames].transpose(1, 2)  # (B, C, T)
        if self.speakers is not None:
            known = self.speakers(speaker.clamp(min=0))
            vector = torch.where((speaker < 0).unsqueeze(1), self.speakers.weight.mean(dim=0), known)
            x = torch.cat([x, vector.unsqueeze(2).expand(-1, -1, x.shape[2])], dim=1)
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        decoded: Tensor = self.output(x)
        return decoded.transpose(1, 2)


def jittered(codes: Tensor, chance: float) -> Tensor:
    """Replace each token's code (B, T', C), with that chance, by one of its two neighbours' (Chorowski et al. 2019)."""
    batch, tokens, _ = codes.shape
    draw = torch.rand(batch, tokens, device=codes.device)
    step = (draw < chance / 2).long() - ((draw >= chance / 2) & (draw < chance)).long()
    source = (torch.arange(tokens, device=codes.device) + step).clamp(0, tokens - 1)  # (B, T')
    return codes.gather(1, source.unsqueeze(2).expand_as(codes))
