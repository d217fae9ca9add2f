"""Patches of colour images of one size: a frame is the pixels of a square, from the top left to the bottom right."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from unitdisc.arrays import Floats, Matrix
from unitdisc.config import FeatureSettings
from unitdisc.config.features import Sources
from unitdisc.features.extractor import Extractor
from unitdisc.features.patches import image, patches
from unitdisc.features.rendering import Rendering
from unitdisc.formats.colour_images import of_pixels
from unitdisc.formats.image_sources import ImageSources

most_pixels = 1 << 20  # of an image: larger ones are photographs, which are cut up first


class ImagesSettings(FeatureSettings):
    """Patches of colour images that all have one size: the colours of their pixels, from -0.5 to 0.5."""

    modality_name: ClassVar[str] = "images"
    needs: ClassVar[Sources] = "colour images"
    reader_settings: ClassVar[tuple[str, ...]] = ("kind", "height", "width", "patch")

    kind: Literal["images"] = "images"
    height: int = Field(32, ge=1, description="Height in pixels that every image has.")
    width: int = Field(32, ge=1, description="Width in pixels that every image has.")
    patch: int = Field(4, ge=1, description="Height and width in pixels of a patch, which is a frame.")
    shard: int = Field(5000, ge=1, description="Images that are computed and stored together.")

    @property
    def shift(self) -> float:
        """The frame shift: one patch."""
        return 1.0

    @property
    def pixels(self) -> tuple[int, int]:
        """The height and width of every image."""
        return self.height, self.width

    @property
    def grid(self) -> tuple[int, int]:
        """The rows and columns of patches of every image."""
        return self.height // self.patch, self.width // self.patch

    @model_validator(mode="after")
    def _whole_patches(self) -> "ImagesSettings":
        if self.height % self.patch or self.width % self.patch:
            raise ValueError(f"{self.height} × {self.width} pixels are no whole patches of {self.patch} × {self.patch}")
        if self.height * self.width > most_pixels:
            raise ValueError(f"{self.height} × {self.width} pixels are more than {most_pixels:,}: cut the images up")
        return self


class Images(Extractor):
    """Computes the patches of images."""

    Settings = ImagesSettings
    inverts = True
    surface = "colours"
    settings: ImagesSettings

    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield the patches (T, patch² · 3) of each image; see ``patches``."""
        with ImageSources(self.settings.pixels) as images:  # reads an archive once for all of its images
            for source in sources:
                yield patches(images.read(source), self.settings.patch)

    def compute(self, data: Any, rate: int | None = None) -> Matrix:  # noqa: ARG002 (an image has none)
        """Return the patches (T, patch² · 3) of the pixels (H, W, 3) of an image, whole numbers from 0 to 255."""
        return patches(of_pixels(data, self.settings.pixels), self.settings.patch)

    def compared(self, features: Matrix) -> Floats:
        """Return the colours (T, patch² · 3) of patches, cut to 0 to 1."""
        return np.clip(np.asarray(features, dtype=np.float64) + 0.5, 0.0, 1.0)

    def inverted(self, features: Matrix, seed: int = 0) -> Rendering:  # noqa: ARG002 (nothing is made up)
        """Return the image (H, W, 3) of patches."""
        return Rendering(image(features, self.settings.grid))
