"""True boundaries, between labels, and guessed ones, where tokens change."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints, Mask
from unitdisc.compiled import compiled
from unitdisc.scores.discovery.alignment import Alignment

slack = 10  # ticks: labels whose times agree to six digits touch


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Boundaries (B,) in order: their utterances and their times, in ticks of the alignment's time line."""

    owner: Ints
    time: Ints


def gold(alignment: Alignment, scored: Mask) -> Boundaries:
    """Return the boundaries where a scored label ends and a different one starts at once, within the tokens.

    ``scored`` (labels + 1,) says which labels count, the last entry being for no label. The edges of an utterance or of
    an excluded label are not boundaries, nor is the point between two labels of the same name.
    """
    s = alignment.segments
    touch = (s.owner[1:] == s.owner[:-1]) & (s.start[1:] <= s.end[:-1] + slack) & (s.label[1:] != s.label[:-1])
    keep = touch & scored[s.label[1:]] & scored[s.label[:-1]] & (s.start[1:] < alignment.end[s.owner[1:]])
    return Boundaries(s.owner[1:][keep], s.start[1:][keep])


def changes(alignment: Alignment, value: Ints, scored: Mask) -> Boundaries:
    """Return the starts of the tokens whose ``value`` (T,) differs from the previous token's, both being scored."""
    keep = scored[alignment.label]
    change = (alignment.owner[1:] == alignment.owner[:-1]) & keep[1:] & keep[:-1] & (value[1:] != value[:-1])
    return Boundaries(alignment.owner[1:][change], alignment.time[1:][change])


def hits(truth: Boundaries, guess: Boundaries, tolerance: int) -> Mask:
    """Return for each true boundary (B,) whether a guess lies within ``tolerance`` ticks of it.

    Windows that overlap or touch are cut at their midpoint, which belongs to the earlier one, so that no guess hits two
    boundaries (Räsänen, Laine and Altosaar 2009, section 2.3).
    """
    low, high = truth.time - tolerance, truth.time + tolerance
    middle = (truth.time[:-1] + truth.time[1:]) // 2
    high[:-1] = np.minimum(high[:-1], middle)
    low[1:] = np.maximum(low[1:], middle + 1)
    return np.searchsorted(guess.time, low, side="left") < np.searchsorted(guess.time, high, side="right")


@compiled("int64[::1](int64[::1], int64[::1], int64[::1], int64[::1], int64)")
def matched(owner: Ints, time: Ints, guess: Ints, reach: Ints, utterances: int) -> Ints:
    """Count per utterance (U,) the most pairs of a true and a guessed boundary at most ``reach`` apart.

    ``reach`` (U,) is in ticks; each boundary joins one pair at most. On a line, pairing from the left
    gives a maximum bipartite matching, so no search is needed.
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

    The score of Łańcucki et al. 2020: labels are sampled at the frames, boundaries are matched one to one, and an
    utterance without a pair has 0.
    """
    truth, guess = (changes(alignment, value, scored) for value in (alignment.label, alignment.unit))
    reach = np.rint(alignment.shift * 1e7).astype(np.int64) + slack
    utterances = len(alignment.utterances)
    pairs = matched(truth.owner, truth.time, guess.time, reach, utterances)
    both = np.bincount(truth.owner, minlength=utterances) + np.bincount(guess.owner, minlength=utterances)
    return np.asarray(2 * pairs / np.maximum(both, 1))
