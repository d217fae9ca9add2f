"""What surrounds the paper of a line image: the edge of a scan, the ground of a cut polygon, a frame round the line."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.formats.shown_image import least_contrast, tones

if TYPE_CHECKING:
    from PIL.Image import Image

Mask = NDArray[np.bool_]
Levels = NDArray[np.uint8]
looked_at = 64  # rows, about, to which an image is reduced before borders are looked for
most_layers = 4  # borders, one in the other, that are looked for
alike = 24  # grey levels (of 255) by which a border differs from itself
most_of_side = 0.8  # of a side of the image that a border takes
least_sheet = 0.3  # of an image that a border leaves
compact = 4  # the sheet is in squares of the height divided by this, as strokes are not
filled = 0.95  # of the sheet is in such squares
sharp = 0.8  # of a border's edge is a jump to the sheet
# A border is nowhere thinner than the height divided by this, unless it goes on beyond the image.
solid = 12
# A border is thicker than the height divided by `thick` above or below, or by `wide` at the left or right, or is above
# and below, or at three sides; where a line is not longer than `long` times its height, thick at three sides. Else it
# may be a letter: an E, the headline of a word in Devanagari.
thick, wide, long = 6, 3, 3
# A frame is thinner than the height divided by `frame`, with the paper outside, and has this share of a line within it.
frame, framed = 10, 0.85


def without_borders(image: "Image") -> "Image":
    """Return an image, 8-bit grey or RGB, in which what surrounds the paper has the tone of the paper.

    A border is an area of one level that takes most of a side and is thick, or takes several sides. What it leaves is a
    sheet of paper of another tone, with its ink. A frame is a closed line round such a sheet, with paper of the same
    tone outside. The size stays, and an image with neither is returned as it is.
    """
    from PIL import Image

    factor = max(1, image.height // looked_at)
    grey = image.convert("L")
    small = np.array(grey.reduce(factor) if factor > 1 else grey)
    outside = np.zeros(small.shape, dtype=bool)
    for _ in range(most_layers):
        if (found := _border(small)) is None:
            break
        outside |= found
        small[outside] = tone = round(float(np.median(small[~outside])))
    if not outside.any():
        return image
    mask = outside.repeat(factor, axis=0).repeat(factor, axis=1)[: image.height, : image.width]
    result = image.copy()
    result.paste((tone,) * len(image.getbands()), mask=Image.fromarray(mask))
    return result


def _border(grey: Levels) -> Mask | None:
    """Return where levels (H, W) are of a border or frame; None where there is none."""
    from scipy.ndimage import binary_dilation

    for level in sorted({round(float(np.median(side))) for side in _sides(grey)}):
        distance = np.abs(grey.astype(np.int16) - level)
        if not _is_possible(distance):
            continue
        outside = _outside(distance <= alike)
        if not outside.any() or outside.mean() > 1 - least_sheet or not _is_sheet(grey, ~outside):
            continue
        edge = np.asarray(binary_dilation(outside))  # which is blurred
        beyond = binary_dilation(edge, iterations=2) & ~edge
        if np.mean(distance[beyond] >= least_contrast) >= sharp:
            return edge
        inked = np.mean(distance[edge & ~outside] > alike) >= sharp
        if inked and _is_long(grey) and outside.mean() <= 1 - framed:
            return np.asarray(binary_dilation(outside, iterations=max(1, len(grey) // frame)))
    return None


def _is_possible(distance: NDArray[np.int16]) -> bool:
    """Return whether there may be a sheet or a frame, of the distances (H, W) of levels from that of a side."""
    other = distance > alike
    paper = np.mean(distance >= least_contrast) >= least_sheet / 2
    return bool(paper or min(other.any(axis=0).mean(), other.any(axis=1).mean()) >= framed)


def _is_sheet(grey: Levels, inside: Mask) -> bool:
    """Return whether the part of levels (H, W) that is ``inside`` is solid and has two tones."""
    from scipy.ndimage import binary_opening

    ink, paper, light = tones(grey[inside])
    if max(light - paper, paper - ink) < least_contrast:
        return False
    side = max(2, len(grey) // compact)
    opened = binary_opening(inside, np.ones((side, side), dtype=bool))
    return bool(opened.sum() >= filled * inside.sum())


def _outside(mask: Mask) -> Mask:
    """Return the solid parts of a mask (H, W) that are borders, all False where there are none."""
    from scipy.ndimage import binary_opening, label

    side = max(2, len(mask) // solid)
    padded = binary_opening(np.pad(mask, side, constant_values=True), np.ones((side, side), dtype=bool))
    opened = np.asarray(padded)[side:-side, side:-side] & mask
    ends = _sides(opened)
    reached = [bool(end.mean() >= most_of_side) for end in ends]
    bands = [
        _sides(opened, max(1, len(mask) // depth))[number].mean() >= most_of_side
        for number, depth in enumerate((thick, thick, wide, wide))
    ]
    three, both = sum(reached) >= 3, all(reached[:2])
    if _is_long(mask):
        counts = [end and (band or three or both) for end, band in zip(reached, bands, strict=True)]
    else:
        counts = [end and band and three for end, band in zip(reached, bands, strict=True)]
    parts, _ = label(opened)
    kept = {int(part) for at, yes in zip(_sides(parts), counts, strict=True) if yes for part in np.unique(at)} - {0}
    return np.isin(parts, list(kept))


def _is_long(image: NDArray[Any]) -> bool:
    return bool(image.shape[1] > long * image.shape[0])


def _sides(image: NDArray[Any], depth: int = 1) -> tuple[NDArray[Any], ...]:
    """Return the pixels along the top, bottom, left and right of an image (H, W), so many rows or columns of them."""
    return image[:depth], image[-depth:], image[:, :depth], image[:, -depth:]
