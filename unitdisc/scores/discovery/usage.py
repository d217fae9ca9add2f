"""Usage of the units: how many, how evenly, at what bit rate, for how long; no labels are needed."""

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled
from unitdisc.scores.discovery.alignment import Alignment
from unitdisc.scores.discovery.contingency import Counts, count


def unit_counts(alignment: Alignment) -> Counts:
    """Count each unit in each utterance; a cell's key is the unit."""
    return count(alignment.owner, alignment.unit, utterances=len(alignment.utterances))


def codebook_counts(owner: Ints, choices: Ints, utterances: int) -> Counts:
    """Count each index of each codebook, of tokens (T, G), in each utterance; a cell's key is codebook and index."""
    size, codebooks = choices.shape
    codebook = np.tile(np.arange(codebooks), size)
    return count(np.repeat(owner, codebooks), codebook, choices.ravel(), utterances=utterances)


def run_counts(alignment: Alignment) -> Counts:
    """Count the runs of equal units in each utterance; a cell's key is the unit and the run's length in tokens.

    Tokens in a grid have no runs.
    """
    owner, unit = alignment.owner, alignment.unit
    if alignment.gridded:
        owner, unit = owner[:0], unit[:0]
    fresh = np.ones(len(unit), dtype=bool)
    fresh[1:] = (unit[1:] != unit[:-1]) | (owner[1:] != owner[:-1])
    start = np.flatnonzero(fresh)
    length = np.diff(np.append(start, len(unit)))
    return count(owner[start], unit[start], length, utterances=len(alignment.utterances))


@compiled("float64[::1](int64[::1])")
def usage_of(counts: Ints) -> NDArray[np.float64]:
    """Return the number of cells that occur, their total count, and their entropy in bits."""
    total = counts.sum()
    used, bits = 0, 0.0
    for c in counts:
        if c > 0:
            used += 1
            bits -= c / total * np.log2(c / total)
    return np.array([float(used), float(total), bits])
