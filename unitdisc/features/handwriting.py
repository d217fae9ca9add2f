"""Columns of a line image: height 32, ink 1 on paper 0, for scans of any size, colour and polarity."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from unitdisc.arrays import Floats, Matrix
from unitdisc.config import FeatureSettings
from unitdisc.config.features import Sources
from unitdisc.features.borders import without_borders
from unitdisc.features.extractor import Extractor
from unitdisc.features.rendering import Rendering
from unitdisc.features.straightening import straightened
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.line_images import columns, height, line_image, of_pixels
from unitdisc.formats.shown_image import as_shown, in_memory, ink_share, least_contrast

if TYPE_CHECKING:
    from PIL.Image import Image


class HandwritingSettings(FeatureSettings):
    """Columns of a line image scaled to height 32, ink in [0, 1]."""

    modality_name: ClassVar[str] = "handwriting"
    needs: ClassVar[Sources] = "images"
    grey_levels: ClassVar[bool] = True

    kind: Literal["handwriting"] = "handwriting"
    straighten: bool = Field(
        True, description="Remove the slant of each line, and bring its writing to a common size and height."
    )
    activity: float | None = Field(
        0.3,
        ge=0,
        lt=1,
        description="The ink, between 0 and 1, that a column or a neighbour must exceed to count as written. Codebooks "
        "then depend on written columns. Null: all columns count.",
    )

    @property
    def shift(self) -> float:
        """The frame shift: one column."""
        return 1.0


class Handwriting(Extractor):
    """Computes the columns of line images."""

    Settings = HandwritingSettings
    inverts = True
    surface = "ink"
    settings: HandwritingSettings

    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield the columns (T, 32) of each line."""
        with OpenSources() as archives:  # opens a zip once for all of its lines
            for source in sources:
                yield self._as_set(read_line(source, archives))

    def compute(self, data: Any, rate: int | None = None) -> Matrix:  # noqa: ARG002 (an image has none)
        """Return the columns (T, 32) of the pixels of an image, (rows, columns) or (rows, columns, channels)."""
        return self._as_set(line_features(of_pixels(data)))

    def _as_set(self, line: Matrix) -> Matrix:
        return straightened(line) if self.settings.straighten else line

    def inverted(self, features: Matrix, seed: int = 0) -> Rendering:  # noqa: ARG002 (nothing is made up)
        """Return the line (32, T) of columns, black on white; it is as straight as these are."""
        return Rendering(np.rint(255 * (1 - np.clip(features.T, 0, 1))).astype(np.uint8))

    def compared(self, features: Matrix) -> Floats:
        """Return the ink (T, 32) of columns, cut to 0 to 1."""
        return np.clip(np.asarray(features, dtype=np.float64), 0.0, 1.0)

    def level(self, features: Matrix) -> Matrix:
        """Return the darkest ink (T,) of each column and its two neighbours."""
        ink = np.pad(features.max(axis=1), 1)
        return np.asarray(np.lib.stride_tricks.sliding_window_view(ink, 3).max(axis=1))


def read_line(source: str, archives: OpenSources | None = None) -> NDArray[np.float32]:
    """Read the line at ``source`` as (columns, 32) with ink in [0, 1]: a path, ``<zip>#<member>``, or one of a page.

    ``archives`` keeps zips open between lines, because opening a zip of thousands of members takes longer than reading
    a line. Raises InputError naming a source that is missing, truncated, not an image, or far too large.
    """
    with line_image(source, archives) as image:
        return line_features(image, source)


def line_features(image: "Image", source: str = in_memory) -> NDArray[np.float32]:
    """Scale a line image to height 32 and return its columns, top row first: (int(0.5 + 32/h·w), 32), ink in [0, 1].

    The image is taken as it is shown, see ``formats.shown_image.as_shown`` for orientation, transparency and depth, and
    what surrounds its paper is taken for paper (``features.borders``).
    RGB → height 32 by bicubic resampling → grey, as in the reference code of ScribbleLens. Then paper is mapped to 0
    and ink to 1. Paper is the median grey level, and ink is on the side of it with the more distant levels, so that
    both polarities give the same columns. The levels are stretched because the tones of paper and ink belong to the
    page and the camera; otherwise units would encode the tone of the page. A bi-level image is not changed by this.
    """
    from PIL import Image

    colour = without_borders(as_shown(image, source))
    paper, ink = _levels(np.array(colour.convert("L").histogram(), dtype=np.float64))
    size = (columns(*colour.size), height)
    grey = np.asarray(colour.resize(size, Image.Resampling.BICUBIC).convert("L"), dtype=np.float32)  # (32, columns)
    return np.ascontiguousarray(np.clip((paper - grey) / (paper - ink), 0.0, 1.0).T, dtype=np.float32)


def _levels(histogram: NDArray[np.float64]) -> tuple[float, float]:
    """Return the grey levels of paper and ink, given the number of pixels (256,) of each level."""
    levels = np.arange(256)
    total = histogram.sum()
    below = np.cumsum(histogram)
    above = np.cumsum(histogram[::-1])[::-1]
    # The mean of the lower and the upper median, so that an inverted image has the inverted median.
    paper = float(levels[below >= total / 2][0] + levels[above >= total / 2][-1]) / 2
    # Cubes, because shading of the paper is near the median and ink is far from it.
    dark = float(histogram @ (levels - paper) ** 3) <= 0
    if dark:
        return paper, min(float(levels[below > ink_share * total][0]), paper - least_contrast)
    return paper, max(float(levels[above > ink_share * total][-1]), paper + least_contrast)
