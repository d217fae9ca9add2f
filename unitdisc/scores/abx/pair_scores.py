"""The ABX errors of pairs of labels, and the score that they are averaged to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc.arrays import Floats, Ints
from unitdisc.records import Score
from unitdisc.scores.bootstrap import intervals


@dataclass(frozen=True, slots=True)
class PairScore:
    """The error of an ordered pair of labels and its cells, for a metric; without labels where a share has none of it.

    It is a row of the table that a job with a share of a task writes.
    """

    metric: str
    label_a: str
    label_b: str
    error: float
    cells: int


def score_pairs(errors: Iterable[PairScore], *, bootstrap: int, seed: int) -> Iterator[Score]:
    """Yield the mean over pairs of labels of each metric, of all shares one after the other.

    n counts cells; the interval is a percentile bootstrap over pairs of labels.
    """
    by_metric: dict[str, list[PairScore]] = {}
    for each in errors:
        by_metric.setdefault(each.metric, []).append(each)
    for metric, pairs in by_metric.items():
        pairs = sorted((pair for pair in pairs if pair.cells), key=lambda pair: (pair.label_a, pair.label_b))
        low, high = _interval(pairs, bootstrap, seed)
        mean = float(pd.Series([pair.error for pair in pairs]).mean())
        yield Score(metric, mean, low, high, int(sum(pair.cells for pair in pairs)))


def _interval(pairs: Sequence[PairScore], samples: int, seed: int) -> tuple[float, float]:
    """Resample pairs of labels, (a, b) always together with (b, a), as they share their distances."""
    groups = [" ".join(sorted((pair.label_a, pair.label_b))) for pair in pairs]
    values = np.array([pair.error for pair in pairs])

    def mean(times: Ints) -> Floats:
        return np.asarray((times @ values) / times.sum(axis=1))[:, None]

    low, high = intervals(mean, groups, samples=samples, seed=seed, centred=np.array([False]))
    return float(low[0]), float(high[0])
