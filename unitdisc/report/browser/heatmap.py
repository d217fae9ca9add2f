"""The heat map: a column per unit, a row per label, as an image of one colour whose opacity is the share."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.report.drawing.media import data_uri

ink = (52, 120, 200)  # visible on a light and on a dark page
most_rows = 80  # labels, the most frequent ones


@dataclass(frozen=True, slots=True)
class Heatmap:
    """The image, its rows (``labels``, top to bottom) and its columns (``units``, left to right).

    ``left_out`` counts the labels that did not fit.
    """

    image: str
    labels: list[str]
    units: list[int]
    left_out: int


def draw(table: Ints, units: Ints, labels: list[str]) -> Heatmap:
    """Draw P(label | unit) of a table (V, L) of ``units`` (V,); units without any label have no column.

    Labels are ordered by frequency, units by their commonest label, so that good units form a diagonal.
    """
    used = np.flatnonzero(table.sum(axis=1))
    totals = table.sum(axis=0)
    rows = np.argsort(-totals, kind="stable")
    rows = rows[totals[rows] > 0]
    share = (table[used] / np.maximum(table[used].sum(axis=1, keepdims=True), 1))[:, rows]
    if not share.size:
        return Heatmap("", [], [], 0)
    order = np.lexsort((-share.max(axis=1), share.argmax(axis=1)))
    kept = rows[:most_rows]
    image = _image(share[order].T[:most_rows])
    return Heatmap(image, [labels[row] for row in kept], units[used[order]].tolist(), len(rows) - len(kept))


def _image(share: NDArray[np.float64]) -> str:
    """Return a PNG (rows, columns) of the ink with the square root of ``share`` as its opacity."""
    from PIL import Image

    pixels = np.empty((*share.shape, 4), dtype=np.uint8)
    pixels[..., :3] = ink
    pixels[..., 3] = np.rint(255 * np.sqrt(share))
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", optimize=True)
    return data_uri("image/png", file.getvalue())
