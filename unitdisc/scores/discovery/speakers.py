"""What units know of who spoke or wrote: information that units and speakers share, and what they share by chance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.compiled import compiled
from unitdisc.records import Score
from unitdisc.scores.discovery.clustering import adjusted, entropy, expected_information
from unitdisc.scores.discovery.contingency import Counts, Indices, Times
from unitdisc.scores.discovery.statistics import UtteranceStatistics

shuffles = 100  # of the speakers
shuffling_seed = 0
low_and_high = (2.5, 97.5)  # percentiles of the shuffled values


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The tokens by which units and speakers are compared.

    ``counts`` are those of each utterance, ``unit`` (C,) the unit of each cell, below ``units``, or -1 for a cell that
    does not count; ``speaker`` (U,) is a code. ``tokens`` (U,) are the tokens of each utterance that count.
    """

    counts: Counts
    unit: Ints
    units: int
    speaker: Ints
    tokens: Ints

    def values(self, weights: Ints) -> Floats:
        """Return NMI and AMI (2,) with utterance u counted ``weights[u]`` times."""
        shared = self._shared(weights, self.speaker)
        return np.array([normalised(*shared), adjusted_information(*shared)])

    def shuffled(self) -> Floats:
        """Return NMI for each of ``shuffles`` (S,), in which utterances keep their units and exchange their speakers.

        Utterances without tokens that count take no part.
        """
        generator = np.random.default_rng(shuffling_seed)
        here = np.flatnonzero(self.tokens)
        ones = np.ones(len(self.speaker), dtype=np.int64)
        values = []
        for _ in range(shuffles):
            speaker = self.speaker.copy()
            speaker[here] = speaker[generator.permutation(here)]
            values.append(normalised(*self._shared(ones, speaker)))
        return np.array(values)

    def _shared(self, weights: Ints, speaker: Ints) -> tuple[float, Ints, Ints]:
        order = np.argsort(speaker, kind="stable")
        first, cell, count = self.counts.first, self.counts.cell, self.counts.count
        weights = np.ascontiguousarray(weights)
        shared: tuple[float, Ints, Ints] = together(weights, order, speaker, first, cell, count, self.unit, self.units)
        return shared


@compiled(
    "int64[::1](int64[::1], uint16[::1], uint8[::1], int64[::1])",
    "int64[::1](int64[::1], uint32[::1], uint8[::1], int64[::1])",
)
def tokens_of(first: Ints, cell: Indices, count: Times, unit: Ints) -> Ints:
    """Return the number of tokens (U,) of each utterance whose cell has a unit."""
    tokens = np.zeros(len(first) - 1, dtype=np.int64)
    for u in range(len(tokens)):
        for e in range(first[u], first[u + 1]):
            if unit[cell[e]] >= 0:
                tokens[u] += count[e]
    return tokens


_shared_terms = "Tuple((float64, int64[::1], int64[::1]))"


@compiled(
    f"{_shared_terms}(int64[::1], int64[::1], int64[::1], int64[::1], uint16[::1], uint8[::1], int64[::1], int64)",
    f"{_shared_terms}(int64[::1], int64[::1], int64[::1], int64[::1], uint32[::1], uint8[::1], int64[::1], int64)",
)
def together(
    weights: Ints, order: Ints, speaker: Ints, first: Ints, cell: Indices, count: Times, unit: Ints, units: int
) -> tuple[float, Ints, Ints]:
    """Return Σ n ln n over the table of units and speakers, and the tokens of each unit and of each speaker.

    ``order`` (U,) lists the utterances speaker by speaker, so that the table, which is large where both are many, is in
    memory one speaker at a time.
    """
    of_unit, of_speaker = np.zeros(units, dtype=np.int64), np.zeros(speaker.max() + 1, dtype=np.int64)
    row, seen = np.zeros(units, dtype=np.int64), np.zeros(units, dtype=np.int64)  # of a speaker
    terms, number = 0.0, 0
    for place, u in enumerate(order):
        for e in range(first[u], first[u + 1]):
            k = unit[cell[e]]
            if k >= 0 and weights[u] > 0:
                if row[k] == 0:
                    seen[number] = k
                    number += 1
                row[k] += weights[u] * count[e]
        if place + 1 == len(order) or speaker[order[place + 1]] != speaker[u]:
            for k in seen[:number]:
                terms += row[k] * np.log(float(row[k]))
                of_unit[k] += row[k]
                of_speaker[speaker[u]] += row[k]
                row[k] = 0
            number = 0
    return terms, of_unit, of_speaker


@compiled("float64(float64, int64[::1], int64[::1])")
def mutual_information(terms: float, units: Ints, speakers: Ints) -> float:
    """Return the information (nats) that units and speakers share, given what ``together`` returns."""
    total = units.sum()
    inside = terms / total - np.log(float(total))
    h_unit, h_speaker = entropy(units, total), entropy(speakers, total)
    mutual = h_unit + h_speaker + inside
    return 0.0 if mutual < 1e-14 else min(mutual, h_unit, h_speaker)  # rounding leaves some 1e-15


@compiled("float64(float64, int64[::1], int64[::1])")
def normalised(terms: float, units: Ints, speakers: Ints) -> float:
    """Return NMI; nan without tokens, 1 with one unit and one speaker."""
    total = units.sum()
    mean = (entropy(units, total) + entropy(speakers, total)) / 2
    if total == 0:
        return np.nan
    return mutual_information(terms, units, speakers) / mean if mean > 0 else 1.0


@compiled("float64(float64, int64[::1], int64[::1])")
def adjusted_information(terms: float, units: Ints, speakers: Ints) -> float:
    """Return AMI, with the information that is expected by chance of single tokens; nan without tokens."""
    total = units.sum()
    if total == 0:
        return np.nan
    h_unit, h_speaker = entropy(units, total), entropy(speakers, total)
    chance = expected_information(units, speakers, total) if h_unit > 0 and h_speaker > 0 else 0.0
    mutual = mutual_information(terms, units, speakers)
    return adjusted(mutual, chance, (h_unit + h_speaker) / 2, h_unit, h_speaker)


def known(statistics: UtteranceStatistics) -> Iterator[tuple[metrics.OfSpeakers, Known]]:
    """Yield the names of the scores of speakers with the tokens that they count: those with a label to score, then all.

    There are none without speakers, with one, and where each utterance has a speaker of its own.
    """
    speaker = statistics.speaker_codes
    kept = ~np.isin(statistics.labels, statistics.excluded)
    cells, every = statistics.cells, statistics.units
    unit, label = (
        (np.ascontiguousarray(key) for key in cells.keys.T) if len(cells.keys) else (np.zeros(0, np.int64),) * 2
    )
    scored = np.where(kept[label], unit, -1)
    for names, counts, of, units in (
        (metrics.of_speakers, cells, scored, int(unit.max(initial=-1)) + 1),
        (metrics.of_speakers_all, every, np.arange(len(every.keys)), len(every.keys)),
    ):
        each = Known(counts, of, units, speaker, tokens_of(counts.first, counts.cell, counts.count, of))
        if _told_apart(speaker[each.tokens > 0]):
            yield names, each


def by_chance(statistics: UtteranceStatistics) -> Iterator[Score]:
    """Yield what units know of shuffled speakers: the mean over the shuffles, and the range of 95 % of them."""
    for names, each in known(statistics):
        values = each.shuffled()
        low, high = np.percentile(values, low_and_high)
        yield Score(names.chance.name, float(values.mean()), float(low), float(high), int(each.tokens.sum()))


def _told_apart(speaker: Ints) -> bool:
    """Tell whether there are several speakers, of whom one at least has several of the utterances (U,)."""
    return 1 < len(np.unique(speaker)) < len(speaker)
