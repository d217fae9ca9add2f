"""The nearest codewords of each codeword, from the weights of a run."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.checksums import checked
from unitdisc.guard import foreign
from unitdisc.report.results import RunResults

names = ("codebook", "bottleneck.quantizer.codebook")  # of k-means, of a vector quantiser
most_product_units = 12_000
block = 512  # codewords compared with all others at once


def codebook(run: RunResults, number: int | None = None) -> NDArray[np.float64] | None:
    """Read the codewords (K, D) of a run, or those of one of its codebooks by its ``number``; None without weights.

    Without a number the codewords of several codebooks are those of all product units; None for more than
    ``most_product_units`` of these, which are too many to inspect.
    """
    path = run.files.weights
    if not path.exists():
        return None
    from safetensors.numpy import load_file

    with foreign("holds no weights, or is corrupt", path, fix="train it again"):
        tensors = load_file(checked(path))
    weights = next((tensors[name] for name in names if name in tensors), None)
    if weights is not None and number is not None:
        return weights[number].astype(np.float64) if weights.ndim > 2 and number < len(weights) else None
    if weights is None or (weights.ndim > 2 and weights.shape[1] ** weights.shape[0] > most_product_units):
        return None
    if weights.ndim == 2:
        return weights.astype(np.float64)
    from torch import from_numpy

    from unitdisc.codebook.product_units import product_codewords

    return product_codewords(from_numpy(weights.astype(np.float64))).numpy()


def nearest(codewords: NDArray[np.float64], count: int) -> Ints:
    """Return the ``count`` nearest other codewords of each (K, count), by Euclidean distance, nearest first."""
    count = min(count, len(codewords) - 1)
    parts = list(_blocks(codewords, count)) if count > 0 else []
    return np.concatenate(parts) if parts else np.zeros((len(codewords), 0), dtype=np.int64)


def _blocks(codewords: NDArray[np.float64], count: int) -> Iterator[Ints]:
    squares = (codewords**2).sum(axis=1)
    for start in range(0, len(codewords), block):
        part = codewords[start : start + block]
        distance = squares - 2 * part @ codewords.T  # the squares of the part do not change the order
        distance[np.arange(len(part)), np.arange(start, start + len(part))] = np.inf
        yield np.argsort(distance, axis=1, kind="stable")[:, :count]
