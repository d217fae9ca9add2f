"""Windows: all utterances of a corpus cut into stretches short enough to be shown and heard."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.report.results import CorpusResults


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows (W,) of utterances (U,): ``owner``, ``start`` and ``end`` in seconds or columns, ``split`` of each.

    Windows of an utterance follow one another: ``first`` (U,) is its first, and all but its last are ``length`` long.
    """

    utterances: pd.Index
    length: float
    first: Ints
    owner: Ints
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    split: NDArray[np.object_]

    def find(self, utterance: Ints, time: NDArray[np.float64]) -> Ints:
        """Return the window (T,) of each ``time`` in ``utterance``, both (T,); the last one for later times."""
        last = np.append(self.first[1:], len(self.owner)) - 1
        window = self.first[utterance] + (time / self.length).astype(np.int64)
        within: Ints = np.minimum(window, last[utterance])
        return within

    def __len__(self) -> int:
        return len(self.owner)


def cut(corpus: CorpusResults) -> Windows:
    """Cut the utterances of a corpus into windows; those that are shown whole are one each."""
    duration = corpus.utterances["duration"].to_numpy(dtype=float)
    whole = corpus.modality.whole and len(duration)
    length = float(duration.max()) if whole else corpus.modality.window
    count = np.maximum(np.ceil(duration / length - 1e-9), 1).astype(np.int64)
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(duration)), count)
    start = (np.arange(len(owner)) - first[owner]) * length
    return Windows(
        utterances=pd.Index(corpus.utterances["utterance"]),
        length=length,
        first=first,
        owner=owner,
        start=start,
        end=np.minimum(start + length, duration[owner]),
        split=corpus.utterances["split"].to_numpy(dtype=object)[owner],
    )


def candidates(windows: Windows, most: int) -> Ints:
    """Return windows (C,) from which excerpts are chosen: all of them, or ``most`` spread evenly over the corpus."""
    if len(windows) <= most:
        return np.arange(len(windows))
    return np.unique(np.linspace(0, len(windows) - 1, most).astype(np.int64))
