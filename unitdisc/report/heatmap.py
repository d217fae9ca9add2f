"""The label-by-unit heat map: a column a unit, a row a label, as an image of one ink whose opacity is the share."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.report.media import data_uri
from unitdisc.scores.alignment import Ints


@dataclass(frozen=True, slots=True)
class Heatmap:
    """The image with what its rows and columns are: ``labels`` top to bottom, ``units`` left to right."""

    image: str
    labels: list[str]
    units: list[int]


def draw(table: Ints, labels: list[str]) -> Heatmap:
    """Draw P(label | unit) of a contingency table (units, labels); units that never occur have no column.

    Labels come in the order of their frequency, units in that of the label they mostly are, so that good units stand
    on a diagonal.
    """
    used = np.flatnonzero(table.sum(axis=1))
    rows = np.argsort(-table.sum(axis=0), kind="stable")
    rows = rows[table.sum(axis=0)[rows] > 0]
    share = table[used] / table[used].sum(axis=1, keepdims=True)
    share = share[:, rows]
    order = np.lexsort((-share.max(axis=1, initial=0), share.argmax(axis=1))) if share.size else np.arange(0)
    return Heatmap(_image(share[order].T), [labels[row] for row in rows], used[order].tolist())


def _image(share: NDArray[np.float64]) -> str:
    """Return a PNG of the accent colour with opacity ``share`` (rows, columns), visible on light and dark alike."""
    from PIL import Image

    if not share.size:
        return ""
    pixels = np.empty((*share.shape, 2), dtype=np.uint8)
    pixels[..., 0] = 127
    pixels[..., 1] = np.rint(255 * np.sqrt(share))
    file = io.BytesIO()
    Image.fromarray(pixels, "LA").save(file, "PNG", optimize=True)
    return data_uri("image/png", file.getvalue())
