"""Compare two sets of units on the same utterances: which is better, and how certain is it?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.errors import InputError
from unitdisc.scores.bootstrap import intervals
from unitdisc.scores.discovery.metrics import MetricValues, evaluate
from unitdisc.scores.discovery.statistics import UtteranceStatistics, reorder

Better = Literal["a", "b", "unclear", "-"]


class UnpairedError(InputError):
    """Two sides that cannot be resampled together: they differ in utterances, speakers, labels or excluded labels."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of two sets of units, a − b with its paired interval, and which is better if the interval shows it.

    ``better`` is unclear if the interval contains 0 (or there is none), and - if a metric has no better direction.
    """

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    better: Better


def compare(a: UtteranceStatistics, b: UtteranceStatistics, *, samples: int = 1000, seed: int = 0) -> list[Difference]:
    """Compare the metrics that both sides have; every resample draws the same utterances of both.

    Raises UnpairedError where the two were not scored on the same utterances, speakers, labels and excluded labels.
    """
    b = _paired(a, b)
    ones = np.ones((1, len(a.utterances)), dtype=np.int64)
    pairs = _common(a, b, ones)
    first, second = (np.array([column.values[0] for column in side]) for side in zip(*pairs, strict=True))

    def statistic(weights: Ints) -> Floats:
        return np.stack([x.values - y.values for x, y in _common(a, b, weights)], axis=1)

    centred = np.array([metrics.find(x.metric).biased for x, _ in pairs])
    low, high = intervals(statistic, a.groups, samples=samples, seed=seed, centred=centred, width=max(a.width, b.width))
    return [
        Difference(x.metric, float(p), float(q), float(p - q), float(start), float(end), _better(x.metric, start, end))
        for (x, _), p, q, start, end in zip(pairs, first, second, low, high, strict=True)
    ]


def _paired(a: UtteranceStatistics, b: UtteranceStatistics) -> UtteranceStatistics:
    unpaired = sorted(set(a.utterances) ^ set(b.utterances))
    if unpaired:
        raise UnpairedError(f"{len(unpaired)} utterances, such as {unpaired[0]!r}, were scored on one side only")
    if a.excluded != b.excluded:
        sides = (",".join(side.excluded) or "nothing" for side in (a, b))
        raise UnpairedError(f"different labels were left out: {' and '.join(sides)}")
    b = reorder(b, a.utterances)
    if a.groups != b.groups or (a.speakers and b.speakers and a.speakers != b.speakers):
        raise UnpairedError("the two sides were not scored with the same speakers")
    if a.labels != b.labels:
        other = sorted(set(a.labels) ^ set(b.labels))[0]
        raise UnpairedError(f"the two sides were not scored on the same labels: only one has {other!r}")
    if "labels" in a.sums and "labels" in b.sums and (a.sums["labels"] != b.sums["labels"]).any():
        bad = a.utterances[int(np.argmax(a.sums["labels"] != b.sums["labels"]))]
        raise UnpairedError(f"the two sides were not scored on the same labels: {bad!r} has more on one side")
    return b


def _common(a: UtteranceStatistics, b: UtteranceStatistics, weights: Ints) -> list[tuple[MetricValues, MetricValues]]:
    other = {column.metric: column for column in evaluate(b, weights)}
    return [(column, other[column.metric]) for column in evaluate(a, weights) if column.metric in other]


def _better(metric: str, low: float, high: float) -> Better:
    direction = metrics.find(metric).better
    if direction == "neither":
        return "-"
    if not (low > 0 or high < 0):
        return "unclear"
    return "a" if (low > 0) == (direction == "high") else "b"
