"""The image of a page as grey levels: one image of a file, or one of the pages of a TIFF."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.formats.image_memory import check_memory
from unitdisc.formats.pages.line import Page
from unitdisc.formats.shown_image import as_shown, complete, orientation_tag, pages, unreadable
from unitdisc.guard import foreign

Levels = NDArray[np.uint8]
kind = ("a page", "scale the image down: a line needs no more than 100 pixels of height")
most_apart = 0.02  # share by which width and height may be scaled differently


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """The grey levels (H, W) of a page, and the pixels (across, down) that a unit of its file has."""

    levels: Levels
    scale: tuple[float, float]


def frames(data: bytes, source: str) -> int:
    """Return how many pages an image has, without previews; raises InputError for what is no image."""
    from PIL import Image

    with foreign(unreadable, source, fix="replace the file"), Image.open(io.BytesIO(data)) as image:
        return len(pages(image))


def read_page_image(data: bytes, source: str, page: Page, frame: int = 0) -> PageImage:
    """Return the pixels of a page as it is shown; ``frame`` is that of an image of several, from 0.

    Coordinates are scaled from the size that the page file says, and where only the image without its orientation has
    these proportions, they are of that one. Raises InputError naming ``source`` for what cannot be read, and for an
    image of other proportions.
    """
    from PIL import Image

    with foreign(unreadable, source, fix="replace the file"), Image.open(io.BytesIO(data)) as image:
        complete(image, data)
        check_memory(image, image.size, source, kind)
        found = pages(image)
        if frame >= len(found):
            raise InputError(f"has no page {frame + 1}: there are {len(found)}", source)
        image.seek(found[frame])
        check_memory(image, image.size, source, kind)
        stored = image.size
        shown = as_shown(image, source)
        if shown.size != stored and _scale(page, shown.size) is None and _scale(page, stored) is not None:
            image.getexif()[orientation_tag] = 1
            shown = as_shown(image, source)
        levels = np.asarray(shown.convert("L"))
    scale = _scale(page, (levels.shape[1], levels.shape[0]))
    if scale is None:
        width, height = page.size
        size = f"{levels.shape[1]} × {levels.shape[0]}"
        what = f"has {size} pixels, and its page file is of an image of {width:g} × {height:g}"
        raise InputError(what, source, fix="take the image that the page was transcribed on")
    return PageImage(levels, scale)


def _scale(page: Page, size: tuple[int, int]) -> tuple[float, float] | None:
    """Return the pixels that a unit of the page file has across and down; None where that is not the same."""
    if not all(page.size):
        if not page.pixels:
            raise InputError("is measured in other units than pixels, and its Page has no WIDTH and HEIGHT")
        return 1.0, 1.0
    across, down = size[0] / page.size[0], size[1] / page.size[1]
    return (across, down) if abs(across - down) <= most_apart * max(across, down) else None


def as_png(data: bytes, source: str, frame: int = 0) -> bytes:
    """Return a page as it is shown, as a grey PNG: what other programs see of it; raises InputError as above."""
    from PIL import Image

    image = read_page_image(data, source, Page("", (0.0, 0.0), (), {}), frame)
    file = io.BytesIO()
    Image.fromarray(image.levels).save(file, "PNG")
    return file.getvalue()
