"""The networks of the three models in plain PyTorch: the same layers and loss, no quantiser, masks or bookkeeping.

As one would write them for chunks that are all real; the recurrent layers stay in float32 as ours do, which autocast
would take to float16. They have as many parameters as ours but for the codewords.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import VQModel
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoders.pixelcnn import PixelCNN
from unitdisc.models.decoders.window import WindowDecoder
from unitdisc.models.encoders.convolutional import ResidualLayer
from unitdisc.models.encoders.line_image import kernels, strides
from unitdisc.models.objectives.ctc import collapsed


class Plain(nn.Module):
    """Encoder, batch norm and projection, mixer, decoder; called with a batch it returns what the loss is taken of."""

    def __init__(self, settings: VQModel, inputs: int, speakers: int, labels: int) -> None:
        super().__init__()
        plan = settings.bottleneck
        self.encoder = encoders[settings.encoder.kind](settings, inputs)
        self.norm = nn.BatchNorm1d(self.encoder.outputs)
        self.projection = nn.Linear(self.encoder.outputs, plan.dim)
        self.mixer = Mixer(settings, plan.dim) if settings.mixer else None
        width = settings.mixer.channels if settings.mixer else plan.dim
        sizes = Sizes(inputs, speakers, stride=self.encoder.stride)
        self.weight = getattr(settings.objective, "weight", 1.0)
        self.decoder: nn.Module = nn.Linear(width, labels + 1)
        if settings.objective.kind == "reconstruction":
            kind = {"window": WindowDecoder, "pixelcnn": PixelCNN}[settings.decoder.kind]
            self.decoder = kind(width, sizes, settings.decoder)

    def vectors(self, frames: Tensor) -> Tensor:
        """Return what a quantiser would see (B, T', D) of frames (B, T, inputs)."""
        x = self.encoder(frames)
        x = self.norm(x.transpose(1, 2)).transpose(1, 2)
        vectors: Tensor = self.projection(x)
        return vectors

    def forward(self, frames: Tensor, speaker: Tensor) -> Tensor:
        """Return the labels' scores, the grey levels' or the windows, in float32."""
        codes = self.vectors(frames)
        if self.mixer is not None:
            codes = self.mixer(codes)
        if isinstance(self.decoder, WindowDecoder):
            return self.decoder(codes, speaker).float()
        return (self.decoder(codes, frames) if isinstance(self.decoder, PixelCNN) else self.decoder(codes)).float()

    def loss(self, batch: Batch, targets: tuple[Tensor, Tensor] | None) -> Tensor:
        """Return the loss; ``targets`` are the labels of CTC and their numbers."""
        found = self(batch.frames, batch.speaker)
        if targets is not None:
            labels, lengths = targets
            tokens = torch.full_like(lengths, found.shape[1])
            scores = found.log_softmax(2).transpose(0, 1)
            return self.weight * functional.ctc_loss(scores, labels + 1, tokens, lengths, zero_infinity=True)
        if isinstance(self.decoder, PixelCNN):
            return functional.cross_entropy(found, self.decoder.quantise(batch.frames).transpose(1, 2))
        around = self.decoder.context
        padded = functional.pad(batch.frames, (0, 0, around, around))
        return functional.mse_loss(found, padded.unfold(1, self.decoder.window, self.decoder.stride).transpose(2, 3))


def targets_of(batch: Batch) -> tuple[Tensor, Tensor] | None:
    """Return the labels (B, S) of a batch for CTC and their numbers (B,), as a loader would hand them over."""
    return None if batch.labels is None else collapsed(batch.labels)


class Mixer(nn.Module):
    def __init__(self, settings: VQModel, inputs: int) -> None:
        super().__init__()
        channels = settings.mixer.channels
        self.entry = nn.Conv1d(inputs, channels, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
            for dilation in settings.mixer.dilations
        )

    def forward(self, codes: Tensor) -> Tensor:
        x = self.entry(codes.transpose(1, 2))
        for layer in self.layers:
            x = x + functional.relu(layer(x))
        return x.transpose(1, 2)


class Convolutional(nn.Module):
    def __init__(self, settings: VQModel, inputs: int) -> None:
        super().__init__()
        plan = settings.encoder
        widths = pairwise([inputs] + [plan.channels] * len(plan.kernels))
        layers: list[nn.Module] = []
        for (before, after), kernel, stride in zip(widths, plan.kernels, plan.strides, strict=True):
            layers += [nn.Conv1d(before, after, kernel, stride, padding=(kernel - stride) // 2), nn.ReLU()]
        layers += [ResidualLayer(plan.channels) for _ in range(plan.residual_layers)]
        self.layers = nn.Sequential(*layers)
        self.outputs, self.stride = plan.channels, int(torch.tensor(plan.strides).prod())

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames.transpose(1, 2)).transpose(1, 2)


class Spectrogram(nn.Module):
    def __init__(self, settings: VQModel, inputs: int) -> None:
        super().__init__()
        plan = settings.encoder
        self.planes, self.outputs, self.stride = plan.planes, plan.lstm, 3
        self.layers = nn.Sequential(
            nn.Conv2d(plan.planes, plan.maps, 7, (1, 2), padding=3),
            nn.BatchNorm2d(plan.maps),
            nn.Hardtanh(0, 20),
            nn.Conv2d(plan.maps, plan.maps, 7, (3, 1), padding=(2, 3)),
            nn.BatchNorm2d(plan.maps),
            nn.Hardtanh(0, 20),
        )
        widths = [plan.maps * -(-inputs // plan.planes // 2)] + [plan.lstm] * (plan.layers - 1)
        self.lstms = nn.ModuleList(
            nn.LSTM(each, plan.lstm, bias=False, batch_first=True, bidirectional=True) for each in widths
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(plan.lstm) for _ in widths[1:])

    def forward(self, frames: Tensor) -> Tensor:
        frames = functional.pad(frames, (0, 0, 0, -frames.shape[1] % 3))
        x = self.layers(frames.view(*frames.shape[:2], self.planes, -1).transpose(1, 2))
        x = x.transpose(1, 2).flatten(2)
        for place, lstm in enumerate(self.lstms):
            if place:
                x = self.norms[place - 1](x.transpose(1, 2)).transpose(1, 2)
            forth, back = wide_lstm(lstm, x).chunk(2, dim=2)
            x = forth + back
        return x


class LineImage(nn.Module):
    def __init__(self, settings: VQModel, inputs: int) -> None:  # noqa: ARG002 (always 32)
        super().__init__()
        plan = settings.encoder
        layers: list[nn.Module] = []
        for (before, after), kernel, stride in zip(pairwise((1, *plan.maps)), kernels, strides, strict=True):
            padding = (kernel[0] // 2, 0 if kernel[1] == 2 else kernel[1] // 2)
            layers += [nn.Conv2d(before, after, kernel, stride, padding), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        self.layers = nn.Sequential(*layers)
        self.outputs, self.stride = 2 * plan.lstm, 4
        self.first = nn.LSTM(plan.maps[-1], plan.lstm, batch_first=True, bidirectional=True)
        self.second = nn.LSTM(self.outputs, plan.lstm, batch_first=True, bidirectional=True)

    def forward(self, frames: Tensor) -> Tensor:
        frames = functional.pad(frames, (0, 0, 0, -frames.shape[1] % 4))
        x = wide_lstm(self.first, self.layers(frames.unsqueeze(1)).squeeze(3).transpose(1, 2))
        return wide_lstm(self.second, x.view(len(x), -1, 2, x.shape[2]).mean(2))


def wide_lstm(lstm: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        out: Tensor = lstm(x.float())[0]
        return out


encoders = {"convolutional": Convolutional, "spectrogram": Spectrogram, "line-image": LineImage}
