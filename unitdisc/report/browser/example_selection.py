"""Choosing excerpts: the best, the worst and random stretches of the test split, then what shows the most units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.records import Utterance
from unitdisc.report.browser.unit_statistics import UnitStatistics
from unitdisc.report.browser.windows import Windows
from unitdisc.report.results import preferred_splits

examples = 6  # of each unit that the page should hold
few_tokens = 25  # a window with fewer scored tokens is judged by too little


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of an utterance to be shown, in seconds or columns; ``why`` is best, worst, random or empty."""

    utterance: str
    start: float
    end: float
    why: str = ""


Original = tuple[Utterance, Stretch]


def shown(statistics: UnitStatistics, windows: Windows, count: int) -> dict[str, Ints]:
    """Choose up to ``count`` windows each: with the best share of right tokens, with the worst, and at random.

    They are from the test split, or from dev or train if there is none. Without labels all are random.
    """
    split = next((s for s in preferred_splits if (windows.split == s).any()), preferred_splits[-1])
    in_split = np.flatnonzero(windows.split == split)
    enough = in_split[statistics.scored[in_split] >= few_tokens]
    scored = enough if len(enough) else in_split[statistics.scored[in_split] > 0]
    share = statistics.right[scored] / statistics.scored[scored]
    order = scored[np.argsort(-share, kind="stable")]
    best, worst = order[:count], order[count:][::-1][:count]
    rest = np.setdiff1d(in_split, np.concatenate([best, worst]))
    drawn = np.random.default_rng(0).permutation(rest)[: count if len(scored) else 3 * count]
    return {"best": best, "worst": worst, "random": np.sort(drawn)}


def greedy(
    statistics: Sequence[UnitStatistics], windows: Windows, candidates: Ints, taken: Ints, budget: float
) -> Ints:
    """Choose windows that show the most units not shown yet for their length, until ``budget`` seconds or columns.

    ``taken`` windows are on the page anyway and count towards the budget. A unit's first example counts as much
    as all further ones together.
    """
    cover = np.concatenate([each.cover for each in statistics])
    need = np.full(len(cover), examples)
    length = windows.end[candidates] - windows.start[candidates] + 0.02 * windows.length
    left = budget - float((windows.end[taken] - windows.start[taken]).sum())
    closed = np.isin(candidates, taken)
    need = np.maximum(need - cover[:, closed].sum(axis=1), 0)
    chosen: list[int] = []
    while True:
        gain = np.where(closed | (length > left), 0, _gain(cover, need) / length)
        best = int(np.argmax(gain)) if len(gain) else 0
        if not gain[best : best + 1].any():
            break
        closed[best] = True
        left -= float(length[best])
        need = np.maximum(need - cover[:, best], 0)
        chosen.append(int(candidates[best]))
    return np.array(chosen, dtype=np.int64)


def _gain(cover: Ints, need: Ints) -> NDArray[np.float64]:
    """Return what each candidate (C,) adds: examples still needed, the first of a unit weighing ``examples``."""
    wanted = need > 0
    new = np.minimum(cover[wanted], need[wanted, None]).sum(axis=0)
    first = (cover[need == examples] > 0).sum(axis=0)
    return np.asarray(new + examples * first, dtype=float)


def rare(
    statistics: Sequence[UnitStatistics], windows: Windows, candidates: Ints, taken: Ints, *, room: float, budget: float
) -> list[Stretch]:
    """Return stretches around units that no taken window shows, ``room`` on either side, until ``budget``."""
    closed = np.isin(candidates, taken)
    stretches: dict[tuple[int, int], Stretch] = {}
    for each in statistics:
        for unit in np.flatnonzero(each.cover[:, closed].sum(axis=1) == 0):
            key = (int(each.utterance[unit]), int(each.time[unit] / room))
            whole = windows.first[key[0]]
            last = np.append(windows.first[1:], len(windows))[key[0]] - 1
            start = max(float(each.time[unit]) - room, float(windows.start[whole]))
            end = min(float(each.time[unit]) + room, float(windows.end[last]))
            if key not in stretches and (len(stretches) + 1) * 2 * room <= budget:
                stretches[key] = Stretch(str(windows.utterances[key[0]]), start, end)
    return list(stretches.values())
