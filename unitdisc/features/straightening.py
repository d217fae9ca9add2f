"""Lines made alike: upright strokes, and writing of the same size at the same height."""

import numpy as np

from unitdisc.arrays import Floats, Matrix

slants = np.arange(-20, 21) / 20  # columns per row that are tried
spread = 4.8  # rows: the deviation of ink about its mean row, which a straightened line has
least_size, most_size = 0.4, 2.5  # no line is scaled by more than these


def straightened(line: Matrix) -> Matrix:
    """Return the columns (T, H) of a line, ink in [0, 1], without slant and with its writing at a common height.

    The slant is the one without which the ink is gathered in the fewest columns: the largest sum of their squares
    (as Vinciarelli and Luettin 2001 look for upright strokes). Columns keep their places in the middle of the line's
    height, so labels still fit. A line without ink is not changed.
    """
    profile = line.sum(axis=0, dtype=np.float64)
    if profile.sum() <= 0:
        return line
    rows = np.arange(line.shape[1])
    middle = float(profile @ rows / profile.sum())
    deviation = float(np.sqrt(profile @ (rows - middle) ** 2 / profile.sum()))
    size = float(np.clip(deviation / spread, least_size, most_size))
    return resampled(line, slant=slant_of(line) * size, size=size, middle=middle)


def slant_of(line: Matrix) -> float:
    """Return by how many columns a row must be moved against the next for upright strokes."""
    centre = (line.shape[1] - 1) / 2
    best, strongest = 0.0, -1.0
    for slant in slants:
        columns = resampled(line, slant=float(slant), size=1.0, middle=centre).sum(axis=1, dtype=np.float64)
        gathered = float(np.square(np.convolve(columns, [0.25, 0.5, 0.25])).sum())
        if gathered > strongest:
            best, strongest = float(slant), gathered
    return best


def resampled(line: Matrix, *, slant: float, size: float, middle: float) -> Matrix:
    """Resample columns (T, H) linearly: row r of column t is row (r − c) · size + middle of column t + slant · (r − c).

    c is the middle of the height; beyond the edges there is no ink.
    """
    from scipy.ndimage import affine_transform

    centre = (line.shape[1] - 1) / 2
    matrix: Floats = np.array([[1.0, slant], [0.0, size]])
    offset = [-slant * centre, middle - size * centre]
    return np.asarray(affine_transform(line, matrix, offset, order=1, mode="constant"), dtype=np.float32)
