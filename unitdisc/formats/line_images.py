"""Line images as files: opened with every failure reported in one line, and their width in columns."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.image_memory import check_memory, too_large
from unitdisc.formats.pages.source import cut_line, page_source
from unitdisc.formats.shown_image import complete, in_memory, load, pages, shown_size, unreadable
from unitdisc.guard import foreign

if TYPE_CHECKING:
    from PIL.Image import Image

height = 32  # rows to which a line is scaled before its columns are counted
most_pixels = 100_000_000  # of the scaled line: a longer one is a mistake or an attack
line = ("a text line", "cut the page into lines")  # what such an image is, and what to do if it is too large


def columns(width: int, rows: int) -> int:
    """Return how many columns ``width`` by ``rows`` pixels have at height 32, as ScribbleLens counts them."""
    return int(0.5 + height / rows * width)


@contextmanager
def opened(file: IO[bytes] | bytes, source: str) -> Iterator["Image"]:
    """Yield the image in ``file``, its only page, with no pixels read; ``shown_size`` gives its size.

    Raises InputError naming ``source`` where the header shows that the image is unreadable, too large for
    ``most_memory``, of several pages, or too narrow for one column at height 32. ``load`` reads its pixels.
    """
    if isinstance(file, bytes):
        data = file
    else:
        with foreign("is damaged in the zip", source, fix="download the zip again"):
            data = file.read()
    with _identified(data, source) as image:
        yield image


def of_pixels(pixels: Any) -> "Image":
    """Return the pixels of an image as Pillow gives them, (rows, columns) or (rows, columns, channels), as an image.

    Raises InputError for an array that is no image, and for one too large or too narrow, as ``opened`` does.
    """
    from PIL import Image

    array = np.asarray(pixels)
    with foreign("is no array of pixels", in_memory, fix="give 8-bit levels or colours"):
        if array.ndim not in (2, 3) or not array.size:
            raise ValueError(f"shape {array.shape}")
        corner = Image.fromarray(array[:1, :1])  # of the type and channels of all
    size = (array.shape[1], len(array))
    check_memory(corner, size, in_memory, line)
    _check_columns(size, in_memory)
    return Image.fromarray(array)


def _identified(data: bytes, source: str) -> "Image":
    from PIL import Image, UnidentifiedImageError

    with foreign(unreadable, source, fix="replace the file"):
        try:
            image = Image.open(io.BytesIO(data))
        except UnidentifiedImageError:
            fix = "convert the file to PNG, or remove it from the corpus"
            raise InputError("is not an image that can be read", source, fix=fix) from None
        complete(image, data)
        check_memory(image, image.size, source, line)
        image.seek(_only_page(image, source))
        check_memory(image, image.size, source, line)
        _check_columns(shown_size(image), source)
    return image


def probe(source: str, archives: OpenSources | None = None) -> tuple[float, None]:
    """Return the width, in columns at height 32, of the line at ``source``, from its header.

    ``source`` is a path, ``<zip>#<member>``, or a line of a page. The second value is the sample rate, which images do
    not have. Raises InputError naming the source where there is no readable image.
    """
    with line_image(source, archives) as image:
        return float(columns(*shown_size(image))), None


def check(source: str) -> None:
    """Decode the pixels of the image at a path; raises InputError naming it where that is not possible."""
    with line_image(source) as image:
        load(image, source)


@contextmanager
def line_image(source: str, archives: OpenSources | None = None) -> Iterator["Image"]:
    """Yield the image at ``source``, with no pixels read, or the line that is cut out of a page; see ``opened``.

    ``archives`` keeps zips open between lines, and the page that was read last.
    """
    with nullcontext(archives) if archives is not None else OpenSources() as sources:
        of_page = page_source(source, sources)
        if of_page is None:
            with opened(sources.read(source), source) as image:
                yield image
        else:
            image = cut_line(of_page, sources)
            _check_columns(image.size, source)
            yield image


@contextmanager
def line_data(source: str, archives: OpenSources | None = None) -> Iterator[bytes]:
    """Yield the bytes at ``source``; ``archives`` keeps zips open between lines."""
    with nullcontext(archives) if archives is not None else OpenSources() as sources:
        yield sources.read(source)


def _only_page(image: "Image", source: str) -> int:
    """Return the number of the only frame of an image that is a page."""
    found = pages(image)
    if len(found) > 1:
        what = f"holds {len(found)} pages or frames, and a file of a text line has one"
        raise InputError(what, source, fix="save each as a file of its own, or remove the file from the corpus")
    return found[0]


def _check_columns(size: tuple[int, int], source: str) -> None:
    width, rows = size
    if columns(width, rows) * height > most_pixels:
        raise too_large(size, source, line)
    if columns(width, rows) < 1:
        raise InputError(f"has {width} × {rows} pixels: not one column at height {height}", source)
