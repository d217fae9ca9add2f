"""Choosing excerpts: the best, the worst and random stretches of the test split, then what shows the most units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.report.browser.unit_statistics import UnitStatistics
from unitdisc.report.browser.windows import Windows

examples = 6  # of each unit that the page should hold
few_tokens = 25  # fewer scored tokens in a window say little about it


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of an utterance to be shown, in seconds or columns, and why: best, worst, random or nothing special."""

    utterance: str
    start: float
    end: float
    why: str = ""


def shown(census: UnitStatistics, windows: Windows, count: int) -> dict[str, Ints]:
    """Choose up to ``count`` windows each with the best and worst share of right tokens, and drawn at random.

    From the test split, or from dev or train where there is none. Without labels only random ones.
    """
    split = next((s for s in ("test", "dev", "train") if (windows.split == s).any()), "train")
    here = np.flatnonzero(windows.split == split)
    enough = here[census.scored[here] >= few_tokens]
    scored = enough if len(enough) else here[census.scored[here] > 0]
    share = census.right[scored] / census.scored[scored]
    order = scored[np.argsort(-share, kind="stable")]
    best, worst = order[:count], order[count:][::-1][:count]
    rest = np.setdiff1d(here, np.concatenate([best, worst]))
    drawn = np.random.default_rng(0).permutation(rest)[: count if len(scored) else 3 * count]
    return {"best": best, "worst": worst, "random": np.sort(drawn)}


def greedy(censuses: Sequence[UnitStatistics], windows: Windows, candidates: Ints, taken: Ints, budget: float) -> Ints:
    """Choose windows that show the most units not shown yet for their length, until ``budget`` seconds or columns.

    ``taken`` windows are on the page anyway and count towards the budget. A unit's first example counts as much as
    all further ones together.
    """
    cover = np.concatenate([census.cover for census in censuses])
    need = np.full(len(cover), examples)
    length = windows.end[candidates] - windows.start[candidates] + 0.02 * windows.length
    left = budget - float((windows.end[taken] - windows.start[taken]).sum())
    closed = np.isin(candidates, taken)
    need = np.maximum(need - cover[:, closed].sum(axis=1), 0)
    chosen: list[int] = []
    while True:
        gain = np.where(closed | (length > left), 0, _gain(cover, need) / length)
        place = int(np.argmax(gain)) if len(gain) else 0
        if not gain[place : place + 1].any():
            break
        closed[place] = True
        left -= float(length[place])
        need = np.maximum(need - cover[:, place], 0)
        chosen.append(int(candidates[place]))
    return np.array(chosen, dtype=np.int64)


def _gain(cover: Ints, need: Ints) -> NDArray[np.float64]:
    """Return what each candidate (C,) adds: examples still needed, the first of a unit weighing ``examples``."""
    wanted = need > 0
    new = np.minimum(cover[wanted], need[wanted, None]).sum(axis=0)
    first = (cover[need == examples] > 0).sum(axis=0)
    return np.asarray(new + examples * first, dtype=float)


def rare(
    censuses: Sequence[UnitStatistics], windows: Windows, candidates: Ints, taken: Ints, *, room: float, budget: float
) -> list[Stretch]:
    """Cut a short stretch of ``room`` on either side of each unit that no taken window shows, until ``budget``."""
    places = np.isin(candidates, taken)
    found: dict[tuple[int, int], Stretch] = {}
    for census in censuses:
        for unit in np.flatnonzero(census.cover[:, places].sum(axis=1) == 0):
            key = (int(census.utterance[unit]), int(census.time[unit] / room))
            whole = windows.first[key[0]]
            last = np.append(windows.first[1:], len(windows))[key[0]] - 1
            start = max(float(census.time[unit]) - room, float(windows.start[whole]))
            end = min(float(census.time[unit]) + room, float(windows.end[last]))
            if key not in found and (len(found) + 1) * 2 * room <= budget:
                found[key] = Stretch(str(windows.utterances[key[0]]), start, end)
    return list(found.values())
