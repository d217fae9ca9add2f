"""The encoder of the published CIFAR-10 model: strided convolutions over the image, then residual blocks."""

from torch import Tensor, nn

from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.settings import ImageEncoderSettings
from unitdisc.models.image_layers import PlaneNorm, ResidualBlock, all_whole, colours, halvings, image_sizes, pixels
from unitdisc.models.parts import Encoder


class ImageEncoder(Encoder):
    """Convolutions 4×4 with stride 2 until a patch is a point, residual blocks, and a convolution 1×1: a token a patch.

    A batch norm stands behind every convolution but the last, behind which the bottleneck has its own. With patches of
    4 × 4 pixels and the published sizes it has 2.44 M parameters. Raises ValueError for features that are no images.
    """

    Settings = ImageEncoderSettings

    def __init__(self, sizes: Sizes, settings: ImageEncoderSettings) -> None:
        super().__init__()
        self.grid, patch = image_sizes(sizes)
        self.stride, self.outputs = 1, settings.outputs
        layers: list[nn.Module] = []
        for halving in range(halvings(patch)):
            inputs = settings.channels if halving else colours
            layers += [nn.ReLU()] if halving else []
            layers += [nn.Conv2d(inputs, settings.channels, 4, stride=2, padding=1), PlaneNorm(settings.channels)]
        inner = settings.residual_channels or settings.channels
        layers += [ResidualBlock(settings.channels, inner) for _ in range(settings.residual_blocks)]
        layers.append(nn.Conv2d(settings.channels, settings.outputs, 1))
        self.layers_of_planes = nn.Sequential(*layers)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map patches (B, T, D) of whole images and the mask (B, T), all true, to vectors (B, T, C) and the mask.

        Raises InputError for another number of patches than an image has.
        """
        all_whole(mask)
        planes = self.layers_of_planes(pixels(frames, self.grid).permute(0, 3, 1, 2))
        return planes.permute(0, 2, 3, 1).flatten(1, 2), mask
