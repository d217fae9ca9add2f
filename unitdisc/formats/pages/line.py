"""The lines of a page as its file gives them: where each lies, what it says, and its place in the reading order."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from unitdisc.arrays import Floats
from unitdisc.errors import InputError

nowhere: Floats = np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class PageLine:
    """A line: ``polygon`` (N, 2) and ``baseline`` (M, 2) are x and y in units of the page file, most often pixels.

    Whole numbers are the centres of pixels. What a file does not say is empty: (0, 2), or no text. ``number`` is that
    of its TextLine element in the file, from 0, and ``order`` that in the reading order of the page, from 0. ``id`` is
    that of the element, or ``line`` with its number from 1 where it has none; ``at`` is the file's line that it starts
    on. ``has_units`` says whether units were added to it, which are no part of its text.
    """

    id: str
    polygon: Floats
    baseline: Floats
    text: str = ""
    region: str = ""
    order: int = 0
    number: int = 0
    at: int = 0
    has_units: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page: the name of its image, width and height in the units of its lines, and its lines in reading order.

    The size is (0, 0) where the file does not say it. ``writer`` is who the file says wrote the page, and ``frame`` the
    number of the page in an image of several, from 1; 0 if it is not said. ``pixels`` says whether units are pixels of
    the image even where there is no size. ``faults`` are the errors of lines that cannot be read, by their ids.
    """

    image: str
    size: tuple[float, float]
    lines: tuple[PageLine, ...]
    faults: dict[str, InputError]
    writer: str = ""
    frame: int = 0
    pixels: bool = True

    @property
    def image_path(self) -> PurePosixPath:
        """The path of the image, in whatever system's spelling it is."""
        return PurePosixPath(self.image.replace("\\", "/"))
