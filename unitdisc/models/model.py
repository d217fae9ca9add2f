"""The model: encoder, vector-quantised bottleneck, mixer, and a decoder of the features or a recogniser of labels."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unitdisc.codebook import Bottleneck, Bottlenecked
from unitdisc.config import Decoder, Encoder, SpectrogramEncoder, VQModel
from unitdisc.models import lines, spectrograms
from unitdisc.models.decoders import WindowDecoder
from unitdisc.models.encoders import ConvolutionalEncoder
from unitdisc.models.mixer import Mixer
from unitdisc.models.pixels import PixelDecoder
from unitdisc.models.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Losses:
    """What a training step minimises (``total``), the task's part of it, and what the bottleneck saw."""

    total: Tensor
    task: Tensor
    bottleneck: Bottlenecked
    tokens: Tensor  # (B, T') of real tokens


class Model(nn.Module):
    """Frames (B, T, inputs) → encoder → bottleneck → mixer → the frames again, or their labels.

    ``labels`` is how many labels there are to recognise. Raises ValueError for inputs that the encoder cannot take.
    """

    def __init__(self, inputs: int, speakers: int, settings: VQModel, *, labels: int = 0) -> None:
        super().__init__()
        plan = settings.bottleneck
        self.encoder = _encoder(inputs, settings)
        self.bottleneck = Bottleneck(
            self.encoder.outputs,
            plan.dim,
            plan.codewords,
            batch_norm=plan.batch_norm,
            commitment=plan.commitment,
            update=plan.update,
            codebooks=plan.codebooks,
            decay=plan.decay,
        )
        self.mixer = Mixer(plan.dim, settings.mixer) if settings.mixer else None
        width = self.mixer.outputs if self.mixer else plan.dim
        self.weight = settings.objective.weight if settings.objective.kind == "ctc" else 1.0
        self.decoder: WindowDecoder | PixelDecoder | Recogniser
        if settings.objective.kind == "ctc":
            self.decoder = Recogniser(width, labels)
        elif isinstance(settings.decoder, Decoder):
            self.decoder = WindowDecoder(width, inputs, self.encoder.stride, max(speakers, 1), settings.decoder)
        else:
            self.decoder = PixelDecoder(width, self.encoder.stride, settings.decoder)

    @property
    def stride(self) -> int:
        """Frames a token, from the strides of the encoder."""
        return self.encoder.stride

    def forward(
        self, frames: Tensor, mask: Tensor, speaker: Tensor, labels: Tensor | None = None, *, quantise: bool = True
    ) -> Losses:
        """Return the losses of frames (B, T, D) with their mask (B, T), speaker numbers (B,) and labels (B, T).

        The task's loss is that of the decoder or recogniser, without its weight. Raises ValueError where a recogniser
        gets no labels.
        """
        encoded, tokens = self.encoder(frames, mask)
        squeezed = self.bottleneck(encoded, tokens, quantise=quantise)
        codes = self.mixed(squeezed.codes, tokens)
        if isinstance(self.decoder, WindowDecoder):
            task = self.decoder.loss(codes, tokens, frames, mask, speaker)
        elif isinstance(self.decoder, PixelDecoder):
            task = self.decoder.loss(codes, frames, mask)
        elif labels is not None:
            task = self.decoder.loss(codes, tokens, labels)
        else:
            raise ValueError("a model that recognises labels wants them to learn")
        return Losses(self.weight * task + squeezed.loss, task, squeezed, tokens)

    def mixed(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Return what the decoder sees of the codes (B, T', D): they themselves where there is no mixer."""
        if self.mixer is None:
            return codes
        mixed: Tensor = self.mixer(codes, tokens)
        return mixed

    def vectors(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the quantiser sees (B, T', dim) of frames (B, T, D), and which tokens (B, T') are real."""
        encoded, tokens = self.encoder(frames, mask)
        return self.bottleneck.project(encoded, tokens), tokens

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',) of one utterance's normalised frames (T, D); T' is T / stride rounded up."""
        encoded, tokens = self.encoder(frames.unsqueeze(0), _all_real(frames))
        units: Tensor = self.bottleneck(encoded, tokens).units[0]
        return units

    @torch.no_grad()
    def recognise(self, frames: Tensor) -> Tensor:
        """Return the most likely class (T',) of each token of one utterance: 0 for the blank, label y as y + 1.

        Raises ValueError for a model that does not recognise labels.
        """
        if not isinstance(self.decoder, Recogniser):
            raise ValueError("the model rebuilds its input and recognises no labels")
        encoded, tokens = self.encoder(frames.unsqueeze(0), _all_real(frames))
        codes = self.mixed(self.bottleneck(encoded, tokens).codes, tokens)
        classes: Tensor = self.decoder(codes)[0].argmax(1)
        return classes


def _all_real(frames: Tensor) -> Tensor:
    return torch.ones(1, len(frames), dtype=torch.bool, device=frames.device)


def _encoder(
    inputs: int, settings: VQModel
) -> ConvolutionalEncoder | spectrograms.SpectrogramEncoder | lines.LineImageEncoder:
    plan = settings.encoder
    if isinstance(plan, Encoder):
        return ConvolutionalEncoder(inputs, plan)
    if isinstance(plan, SpectrogramEncoder):
        return spectrograms.SpectrogramEncoder(inputs, plan)
    return lines.LineImageEncoder(inputs, plan)
