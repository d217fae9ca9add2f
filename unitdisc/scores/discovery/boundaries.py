"""Boundaries between labels, found again as changes between tokens."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints, Mask
from unitdisc.compiled import compiled
from unitdisc.scores.discovery.alignment import Alignment

slack = 10  # ticks: labels that touch when written with six digits do touch


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Boundaries (B,) in order: the utterance each is in and its time, in ticks of the alignment's time line."""

    owner: Ints
    time: Ints


def gold(alignment: Alignment, scored: Mask) -> Boundaries:
    """Return where a scored label ends and another begins at once, within the tokens.

    ``scored`` (labels,) says which labels count; the last entry is that of no label. The outer edges of an utterance or
    of what is left out are not boundaries, nor is the seam between two labels of one name.
    """
    s = alignment.segments
    touch = (s.owner[1:] == s.owner[:-1]) & (s.start[1:] <= s.end[:-1] + slack) & (s.label[1:] != s.label[:-1])
    keep = touch & scored[s.label[1:]] & scored[s.label[:-1]] & (s.start[1:] < alignment.end[s.owner[1:]])
    return Boundaries(s.owner[1:][keep], s.start[1:][keep])


def changes(alignment: Alignment, value: Ints, scored: Mask) -> Boundaries:
    """Return the starts of the tokens whose ``value`` (T,) is not that of the token before, both scored."""
    keep = scored[alignment.label]
    change = (alignment.owner[1:] == alignment.owner[:-1]) & keep[1:] & keep[:-1] & (value[1:] != value[:-1])
    return Boundaries(alignment.owner[1:][change], alignment.time[1:][change])


def hits(truth: Boundaries, guess: Boundaries, tolerance: int) -> Mask:
    """Say of each true boundary (B,) whether a guess lies within ``tolerance`` ticks of it.

    Windows that overlap or touch are cut at their midpoint, which belongs to the earlier, so no guess serves two
    boundaries (Räsänen, Laine and Altosaar 2009, section 2.3).
    """
    low, high = truth.time - tolerance, truth.time + tolerance
    middle = (truth.time[:-1] + truth.time[1:]) // 2
    high[:-1] = np.minimum(high[:-1], middle)
    low[1:] = np.maximum(low[1:], middle + 1)
    return np.searchsorted(guess.time, low, side="left") < np.searchsorted(guess.time, high, side="right")


@compiled("int64[::1](int64[::1], int64[::1], int64[::1], int64[::1], int64)")
def matched(owner: Ints, time: Ints, guess: Ints, reach: Ints, utterances: int) -> Ints:
    """Count, an utterance (U,), the most pairs of a true and a guessed boundary no further apart than ``reach``.

    ``reach`` (U,) is in ticks; each boundary joins one pair at most. On a line, pairing from the left is a largest
    bipartite matching, so no search is needed.
    """
    out = np.zeros(utterances, dtype=np.int64)
    g = 0
    for b in range(len(time)):
        while g < len(guess) and guess[g] < time[b] - reach[owner[b]]:
            g += 1
        if g < len(guess) and guess[g] <= time[b] + reach[owner[b]]:
            out[owner[b]] += 1
            g += 1
    return out


def frame_f1(alignment: Alignment, scored: Mask) -> NDArray[np.float64]:
    """Return each utterance's F1 (U,) of unit changes against label changes, both between frames, ±1 frame.

    The reference's figure (Łańcucki et al. 2020): labels are sampled at the frames, pairs are matched one to one, and
    an utterance without a pair has 0.
    """
    truth, guess = (changes(alignment, value, scored) for value in (alignment.label, alignment.unit))
    reach = np.rint(alignment.shift * 1e7).astype(np.int64) + slack
    utterances = len(alignment.utterances)
    pairs = matched(truth.owner, truth.time, guess.time, reach, utterances)
    both = np.bincount(truth.owner, minlength=utterances) + np.bincount(guess.owner, minlength=utterances)
    return np.asarray(2 * pairs / np.maximum(both, 1))
