"""Small colour images: PNG and JPEG of 8-bit RGB and of a known size; whatever else a file holds is refused."""

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import is_a_file
from unitdisc.formats.shown_image import as_shown, bits_of, in_memory, shown_size, unreadable
from unitdisc.guard import foreign

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]  # (H, W, 3)
formats = ("PNG", "JPEG")
# What is no RGB, by what Pillow calls it.
other_colours = {
    "1": "is black and white",
    "L": "is grey",
    "I": "is grey",
    "I;16": "is grey",
    "F": "is grey",
    "LA": "is grey with an alpha channel",
    "La": "is grey with an alpha channel",
    "P": "has a palette",
    "PA": "has a palette",
    "RGBA": "has an alpha channel",
    "RGBa": "has an alpha channel",
    "CMYK": "is CMYK",
}
to_rgb = "convert it to 8-bit RGB"


def read_file(path: str, size: tuple[int, int]) -> Pixels:
    """Return the pixels of the image at a path; raises InputError naming it, as ``decoded`` does."""
    if not is_a_file(path):
        raise InputError("no such file", path)
    with Path(path).open("rb") as file:
        return decoded(file, size, path)


def decoded(file: IO[bytes], size: tuple[int, int], source: str) -> Pixels:
    """Return the pixels (H, W, 3) of a PNG or JPEG, the right side up; ``size`` is the height and width it must have.

    The header alone is read first, so that an image of another size takes no memory, whatever it would grow to. Raises
    InputError naming ``source`` for an image that is damaged, of another size, grey, with a palette, an alpha channel
    or 16 bits a colour, or an animation.
    """
    from PIL import Image, UnidentifiedImageError

    with foreign(unreadable, source, fix="replace the file"):
        try:
            image = Image.open(file, formats=formats)
        except UnidentifiedImageError:
            raise InputError("is no PNG or JPEG", source, fix="convert it, or remove it from the corpus") from None
    _check_size((shown_size(image)[1], shown_size(image)[0]), size, source)
    _check_colours(image, source)
    return np.asarray(as_shown(image, source))


def of_pixels(data: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels (H, W, 3) of an image in memory; raises InputError for another shape, type or size."""
    with foreign("is no array of pixels", in_memory):
        pixels = np.asarray(data)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        shape = " × ".join(map(str, pixels.shape)) or "a single"
        raise InputError(f"pixels are (rows, columns, 3) in uint8, and not {shape} {pixels.dtype}", in_memory)
    _check_size(pixels.shape[:2], size, in_memory)
    return pixels


def _check_size(found: tuple[int, ...], size: tuple[int, int], source: str) -> None:
    """Raise InputError where the height and width that were ``found`` are not those of the settings."""
    if tuple(found) != size:
        what = f"has {found[1]} × {found[0]} pixels, and images here have {size[1]} × {size[0]}"
        raise InputError(what, source, fix="scale or cut it, or set height and width of the features")


def _check_colours(image: "Image", source: str) -> None:
    """Raise InputError for an image, not loaded yet, that is anything but 8-bit RGB, or that moves."""
    if image.mode != "RGB":
        raise InputError(f"{other_colours.get(image.mode, f'is {image.mode}')}, not RGB", source, fix=to_rgb)
    if image.has_transparency_data:
        raise InputError("has a transparent colour", source, fix=to_rgb)
    if bits_of(image) != 8:
        raise InputError(f"has {bits_of(image)} bits a colour, not 8", source, fix=to_rgb)
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise InputError("is an animation", source, fix="save each picture as a file of its own")
