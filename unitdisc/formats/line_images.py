"""Line images as files: opened with every failure reported in one line, and their width in columns."""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING

from unitdisc.errors import InputError
from unitdisc.formats.file_tree import OpenSources

if TYPE_CHECKING:
    from PIL.Image import Image

height = 32  # rows to which a line is scaled before its columns are counted
most_pixels = 100_000_000  # of an image and of the scaled line: a larger one is a mistake or an attack


def columns(width: int, rows: int) -> int:
    """Return how many columns ``width`` by ``rows`` pixels have at height 32, as ScribbleLens counts them."""
    return int(0.5 + height / rows * width)


@contextmanager
def opened(file: IO[bytes] | bytes, source: str) -> Iterator["Image"]:
    """Yield the image in ``file`` with only its header read.

    Raises InputError naming ``source`` where the header, or reading pixels in the block, shows that the image is
    unreadable, larger than ``most_pixels``, or too narrow for one column at height 32.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is the lower one
            image = Image.open(io.BytesIO(file) if isinstance(file, bytes) else file)
        with image:
            _check(image.size, source)
            yield image
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError("is not an image", source, fix="replace the file or remove its line from the list") from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"is damaged in the zip ({error})", source, fix="download the zip again") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        # SyntaxError is what Pillow raises for a broken PNG.
        raise InputError(f"cannot be read as an image ({error})", source, fix="replace the file") from None


def probe(source: str, archives: OpenSources | None = None) -> tuple[float, None]:
    """Return the width, in columns at height 32, of the line at ``source``, from its header.

    ``source`` is a path or ``<zip>#<member>``. The second value is the sample rate, which images do not have.
    Raises InputError naming the source where there is no readable image.
    """
    with line_data(source, archives) as data, opened(data, source) as image:
        return float(columns(*image.size)), None


@contextmanager
def line_data(source: str, archives: OpenSources | None = None) -> Iterator[bytes]:
    """Yield the bytes at ``source``; ``archives`` keeps zips open between lines."""
    with nullcontext(archives) if archives is not None else OpenSources() as sources:
        yield sources.read(source)


def _check(size: tuple[int, int], source: str) -> None:
    width, rows = size
    if width * rows > most_pixels or columns(width, rows) * height > most_pixels:
        raise InputError(
            f"has {width} × {rows} pixels, too many for a text line", source, fix="cut the page into lines"
        )
    if columns(width, rows) < 1:
        raise InputError(f"has {width} × {rows} pixels: not one column at height {height}", source)
