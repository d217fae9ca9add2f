"""What an image file says of how to show it: the side that is up, what is transparent, and the depth of its levels."""

import re
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.guard import foreign

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.MpoImagePlugin import MpoImageFile
    from PIL.TiffImagePlugin import TiffImageFile

in_memory = "the image"  # what messages call one that is in no file
orientation_tag = 274
subfile_tags = {254: 1 | 4, 255: 2}  # of a TIFF's page, with the bits that say that it is a preview or a mask
unreadable = "cannot be read as an image"
unsigned, signed = 1, 2  # values of a TIFF's SampleFormat
depths = (1, 2, 4, 8, 10, 12, 14, *range(16, 65))  # bits of a level
# Grey levels (of 255) that paper and ink are at least assumed to be apart: otherwise the grain of the paper of an empty
# line would be stretched to ink.
least_contrast = 64
ink_share = 0.005  # of all pixels are beyond the ink's level: enough to ignore specks, but not letters


def shown_size(image: "Image") -> tuple[int, int]:
    """Return width and height in pixels of an image that is turned as its orientation says."""
    width, rows = image.size
    return (rows, width) if _orientation(image) > 4 else (width, rows)


def pages(image: "Image") -> list[int]:
    """Return the numbers of an image's frames without previews, masks and maps of depth or brightness."""
    frames = range(max(1, int(getattr(image, "n_frames", 1))))
    if len(frames) > 1 and image.format == "TIFF":
        return [frame for frame in frames if _is_page(cast("TiffImageFile", image), frame)] or [0]
    if image.format == "MPO":
        return [frame for frame in frames if frame == 0 or not _is_preview(cast("MpoImageFile", image), frame)]
    return list(frames)


def complete(image: "Image", data: bytes) -> None:
    """Correct what Pillow reports of an unread PNG, ``data``: an orientation after the pixels, a transparent level."""
    if image.format != "PNG":
        return
    start = data.rfind(b"eXIf")
    if start > 4:
        image.info.setdefault("exif", data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start])])
    bits, level = bits_of(image), image.info.get("transparency")
    if image.mode == "L" and isinstance(level, int) and bits < 8:
        image.info["transparency"] = level * 255 // (2**bits - 1)
    elif image.mode == "RGB" and level is not None and bits == 16:
        image.info["transparency"] = tuple(part >> 8 for part in level)


def bits_of(image: "Image") -> int:
    """Return the bits of a level in the file of an image whose pixels are not read yet; 8 where that is not known."""
    tiles = image.tile if image.format in ("PNG", "TIFF") else None  # type: ignore[attr-defined]
    found = re.search(r";(\d+)", str(tiles[0][3])) if tiles else None
    return int(found[1]) if found else 8


def load(image: "Image", source: str) -> None:
    """Read the pixels of an image; raises InputError naming ``source`` where that is not possible."""
    with foreign(unreadable, source, fix="replace the file"):
        image.load()


def as_shown(image: "Image", source: str = in_memory) -> "Image":
    """Return an image as a viewer shows it: the right side up, 8-bit grey or RGB, on a ground that shows its ink.

    Levels of fewer bits than the file has room for are spread over the bits that they need, and signed ones are
    shifted. The ground of transparent pixels, and of pixels that are not a number, has the tone of the paper where the
    visible part is a sheet of paper with its ink; else it is white for dark ink, and black for light ink. Raises
    InputError naming ``source`` for pixels that cannot be read.
    """
    from PIL import Image

    bits = bits_of(image)
    load(image, source)
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(_orientation(image))
    flat = _flat(image, bits)
    return flat if turn is None else flat.transpose(turn)


def _orientation(image: "Image") -> int:
    """Return the orientation, 1 to 8; 1 where there is none, where it is broken, or where Pillow applies it itself."""
    from PIL import Image

    if image.format == "TIFF":
        return 1
    value = None
    with suppress(InputError), foreign(unreadable):
        value = Image.Image.getexif(image).get(orientation_tag)  # that of a PNG would read the pixels
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_page(image: "TiffImageFile", frame: int) -> bool:
    image.seek(frame)
    kinds = [(image.tag_v2.get(tag, 0), bits) for tag, bits in subfile_tags.items()]
    return not any(isinstance(kind, int) and kind & bits for kind, bits in kinds)


def _is_preview(image: "MpoImageFile", frame: int) -> bool:
    """Return whether a picture beside a photograph is the same one, smaller, or is missing."""
    image.seek(0)
    width, rows = image.size
    try:
        with foreign(unreadable):
            if "Thumbnail" in str((image.mpinfo or {})[0xB002][frame]["Attribute"]["MPType"]):
                return True
            image.seek(frame)
    except InputError:
        return True
    return image.width < width and abs(image.width * rows - width * image.height) <= 0.02 * width * image.height


def _flat(image: "Image", bits: int) -> "Image":
    """Return a loaded image, with ``bits`` to a level in its file, as RGB or 8-bit grey."""
    if image.mode.startswith("I") or image.mode == "F":
        return _flat_deep(image)
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        return _on_ground(_spread(image.convert("RGBA"), bits))
    if image.mode == "L" and _sample_format(image) == signed:
        return image.point([level ^ 128 for level in range(256)])
    if image.mode in ("L", "RGB"):
        return _spread(image, bits)
    return image.convert("L" if image.mode in ("1", "LAB") else "RGB")


def _spread(image: "Image", bits: int) -> "Image":
    """Spread the levels of 16-bit colours of which Pillow gives the upper 8 bits, where these are nearly unused."""
    if bits != 16:
        return image
    extremes = image.getextrema()[:3] if image.mode in ("RGB", "RGBA") else ()
    top = max((int(high) for _, high in cast("tuple[tuple[int, int], ...]", extremes)), default=255)
    scale = 255 / next(2**depth - 1 for depth in (2, 4, 6, 8) if top < 2**depth)
    if scale == 1.0 or top == 0:
        return image
    table = [min(255, round(level * scale)) for level in range(256)]
    alpha = list(range(256)) if image.mode == "RGBA" else []
    return image.point(table * 3 + alpha)


def _sample_format(image: "Image") -> int | None:
    """Return whether the levels of a TIFF are unsigned (1), signed (2) or floats (3); None for other formats."""
    return cast("TiffImageFile", image).tag_v2.get(339, (unsigned,))[0] if image.format == "TIFF" else None


def _flat_deep(image: "Image") -> "Image":
    from PIL import Image

    with np.errstate(invalid="ignore"):  # a NaN may be one that signals
        levels = np.asarray(image, dtype=np.float64)
    if image.mode == "I" and _sample_format(image) == unsigned:
        levels = np.where(levels < 0, levels + 2.0**32, levels)  # Pillow reads unsigned levels as signed ones
    visible = np.isfinite(levels)
    if isinstance(transparent := image.info.get("transparency"), int):
        visible &= levels != transparent
    grey = Image.fromarray(_eight_bits(levels, visible, whole=image.mode != "F"))
    if visible.all():
        return grey
    grey.putalpha(Image.fromarray(visible.astype(np.uint8) * 255))
    return _on_ground(grey.convert("RGBA"))


def _eight_bits(levels: NDArray[np.float64], visible: NDArray[np.bool_], *, whole: bool) -> NDArray[np.uint8]:
    """Scale levels to [0, 255] from the fewest usual bits that hold them, floats from [0, 1] if that does.

    Signed levels are scaled from as many bits, and floats from [-1, 1] and so on. A tenth of the range that floats are
    beyond it is cut off: resampling overshoots.
    """
    kept = np.where(visible, levels, 0.0)
    low, high = float(kept.min(initial=0.0)), float(kept.max(initial=0.0))
    if whole:
        shift = next(2.0 ** (bits - 1) for bits in depths if max(-low, high + 1) <= 2.0 ** (bits - 1))
        top = next(2.0**bits - 1 for bits in depths if high < 2.0**bits)
        low, top = (-shift, shift - 1) if low < 0 else (0.0, top)
    else:
        largest = max(-low, high)
        top = next((top for top in (1.0, 255.0, 65535.0) if largest <= 1.1 * top), largest)
        low = -top if low < -0.1 * top else 0.0
    shares: NDArray[np.float64] = np.clip((kept - low) / (top - low), 0.0, 1.0)
    return np.rint(shares * 255.0).astype(np.uint8)


def _on_ground(image: "Image") -> "Image":
    """Lay an RGBA image on a ground on which its ink is seen; see ``as_shown``."""
    from PIL import Image

    grey = np.asarray(image.convert("RGB").convert("L"))
    alpha = np.asarray(image.getchannel("A"))
    ground = Image.new("RGBA", image.size, (_ground(grey, alpha),) * 3 + (255,))
    return Image.alpha_composite(ground, image).convert("RGB")


def _ground(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> int:
    """Return the level of the ground for levels (H, W) that are visible by ``alpha``: all of the same shape."""
    if not alpha.any() or alpha.min() == 255:
        return 255
    visible = alpha >= alpha.max() / 2
    low, paper, high = tones(grey[visible])
    light = float(np.average(grey, weights=alpha)) >= 128
    two_tones = max(high - paper, paper - low) >= least_contrast
    sheet = _is_thick(visible) if two_tones else light and visible.mean() > 0.5
    if sheet:
        return round(float(paper))
    return 0 if light else 255


def tones(grey: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Return the darkest level of a few pixels, the common level and the lightest level of levels of any shape."""
    low, paper, high = np.quantile(grey, (ink_share, 0.5, 1 - ink_share))
    return float(low), float(paper), float(high)


def _is_thick(visible: NDArray[np.bool_]) -> bool:
    """Return whether most visible pixels (H, W) are in whole squares of an eighth of the height, as strokes are not."""
    side = max(3, len(visible) // 8)
    rows, columns = (length // side for length in visible.shape)
    squares = visible[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return bool(squares.all(axis=(1, 3)).sum() * side**2 >= visible.sum() / 2)
