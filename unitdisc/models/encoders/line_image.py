"""The encoder of the published ScribbleLens model: convolutions over the line image, then BiLSTMs."""

from itertools import pairwise

from torch import Tensor, nn

from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.plane_convolution import PlaneConvolution
from unitdisc.models.encoders.settings import LineImageSettings
from unitdisc.models.padding import pad_to_multiple
from unitdisc.models.parts import Encoder
from unitdisc.models.recurrent import run_bilstm

height = 32
kernels = ((3, 3), (5, 5), (3, 3), (3, 3), (3, 3), (3, 3), (3, 2))  # (time, height)
strides = ((1, 2), (2, 2), (1, 1), (1, 2), (1, 1), (1, 2), (1, 1))


class LineImageEncoder(Encoder):
    """Seven convolutions that reduce the height to 1 and halve the time, then two BiLSTMs that halve it once more.

    A step of the second BiLSTM is the mean of two of the first. With the published maps it has 6.37 M parameters.
    Raises ValueError for columns that are not 32 pixels high.
    """

    Settings = LineImageSettings

    def __init__(self, sizes: Sizes, settings: LineImageSettings) -> None:
        super().__init__()
        if sizes.inputs != height:
            raise ValueError(f"{sizes.inputs} inputs are no line image of height {height}")
        self.stride, self.outputs = 4, 2 * settings.lstm
        self.convolutions = nn.ModuleList(
            PlaneConvolution(
                before,
                after,
                kernel=kernel,
                stride=stride,
                padding=0 if kernel[1] == 2 else kernel[1] // 2,
                activation=nn.LeakyReLU(0.1),
            )
            for (before, after), kernel, stride in zip(pairwise((1, *settings.maps)), kernels, strides, strict=True)
        )
        self.first = nn.LSTM(settings.maps[-1], settings.lstm, batch_first=True, bidirectional=True)
        self.second = nn.LSTM(self.outputs, settings.lstm, batch_first=True, bidirectional=True)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map columns (B, T, 32) and the mask (B, T) of real ones to vectors (B, T / 4, C) and their mask."""
        frames, mask = pad_to_multiple(frames, mask, self.stride)
        x = frames.unsqueeze(1)  # (B, 1, T, 32)
        for convolution in self.convolutions:
            x, mask = convolution(x, mask)
        x = run_bilstm(self.first, x.squeeze(3).transpose(1, 2), mask)  # (B, T / 2, C)
        pairs = mask.view(len(mask), -1, 2)
        # The sum is over real steps only, as run_bilstm returns zeros for padding.
        x = x.view(len(x), -1, 2, x.shape[2]).sum(2) / pairs.sum(2, keepdim=True).clamp(min=1)
        mask = pairs.any(dim=2)
        return run_bilstm(self.second, x, mask), mask
