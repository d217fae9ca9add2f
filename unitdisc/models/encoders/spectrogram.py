"""The encoder of the published WSJ model: convolutions over the spectrogram, then BiLSTMs."""

from torch import Tensor, nn

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.plane_convolution import PlaneConvolution
from unitdisc.models.encoders.settings import SpectrogramSettings
from unitdisc.models.padding import pad_to_multiple
from unitdisc.models.parts import Encoder
from unitdisc.models.recurrent import run_bilstm


class SpectrogramEncoder(Encoder):
    """Two convolutions, then BiLSTMs whose directions are summed (Deep Speech 2, Amodei et al. 2016).

    As in that paper, the LSTMs have no bias and the batch norms between them have one; with 243 inputs there are the
    9.15 M parameters of the published encoder. Raises ValueError if the planes do not divide the inputs evenly.
    """

    Settings = SpectrogramSettings

    def __init__(self, sizes: Sizes, settings: SpectrogramSettings) -> None:
        super().__init__()
        if sizes.inputs % settings.planes:
            raise ValueError(f"{sizes.inputs} inputs cannot be shared evenly by {settings.planes} planes")
        self.planes, self.stride, self.outputs = settings.planes, 3, settings.lstm
        clip = nn.Hardtanh(0, 20)
        self.first = PlaneConvolution(
            settings.planes, settings.maps, kernel=(7, 7), stride=(1, 2), padding=3, activation=clip
        )
        self.second = PlaneConvolution(
            settings.maps, settings.maps, kernel=(7, 7), stride=(3, 1), padding=3, activation=clip
        )
        width = settings.maps * -(-sizes.inputs // settings.planes // 2)
        widths = [width] + [settings.lstm] * (settings.layers - 1)
        self.lstms = nn.ModuleList(
            nn.LSTM(inputs, settings.lstm, bias=False, batch_first=True, bidirectional=True) for inputs in widths
        )
        self.norms = nn.ModuleList(MaskedBatchNorm(settings.lstm) for _ in widths[1:])

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T / 3, C) and their mask."""
        frames, mask = pad_to_multiple(frames, mask, self.stride)
        x = frames.view(*frames.shape[:2], self.planes, -1).transpose(1, 2)  # (B, planes, T, bins)
        x, mask = self.first(x, mask)
        x, mask = self.second(x, mask)
        x = x.transpose(1, 2).flatten(2)  # (B, T', maps · bins)
        for layer, lstm in enumerate(self.lstms):
            if layer:
                x = self.norms[layer - 1](x, mask) * mask.unsqueeze(2)
            forth, back = run_bilstm(lstm, x, mask).chunk(2, dim=2)
            x = forth + back
        return x, mask
