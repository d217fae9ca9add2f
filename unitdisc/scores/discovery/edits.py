"""Edit distances between label sequences, as substitutions, deletions and insertions."""

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.compiled import compiled


@compiled("int64[:, ::1](int64[::1], int64[::1], int64[::1], int64[::1])")
def edit_counts(guess: Ints, guess_ends: Ints, truth: Ints, truth_ends: Ints) -> Ints:
    """Count substitutions, deletions and insertions (U, 3) that turn each ``truth`` into its ``guess``.

    Sequence u is ``guess[guess_ends[u - 1]:guess_ends[u]]``, likewise for ``truth``. The sum of the counts is the
    Levenshtein distance; of the shortest edits, those with the fewest insertions are counted. The table's cells hold
    the distance in their upper 32 bits and the insertions in their lower 32 bits; only one row is kept.
    """
    edit = 1 << 32
    out = np.zeros((len(truth_ends), 3), dtype=np.int64)
    first_guess, first_truth = 0, 0
    for u in range(len(truth_ends)):
        g, t = guess[first_guess : guess_ends[u]], truth[first_truth : truth_ends[u]]
        first_guess, first_truth = guess_ends[u], truth_ends[u]
        row = np.arange(len(t) + 1) * edit
        for i in range(len(g)):
            corner, row[0] = row[0], row[0] + edit + 1
            for j in range(len(t)):
                best = corner if g[i] == t[j] else corner + edit
                best = min(best, row[j] + edit, row[j + 1] + edit + 1)
                corner, row[j + 1] = row[j + 1], best
        insertions = row[-1] % edit
        deletions = insertions + len(t) - len(g)
        out[u] = row[-1] // edit - deletions - insertions, deletions, insertions
    return out


def collapse(owner: Ints, symbol: Ints, joined: NDArray[np.bool_], utterances: int) -> tuple[Ints, Ints]:
    """Drop each symbol that repeats the one before it; return the rest and where each utterance's symbols end (U,).

    ``owner`` (N,) is sorted; ``joined`` (N,) says whether a symbol follows the previous one without a gap.
    """
    fresh = np.ones(len(symbol), dtype=bool)
    fresh[1:] = (symbol[1:] != symbol[:-1]) | (owner[1:] != owner[:-1]) | ~joined[1:]
    ends = np.cumsum(np.bincount(owner[fresh], minlength=utterances)).astype(np.int64)
    return symbol[fresh], ends
