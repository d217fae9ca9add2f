"""What the unit browser and the utterances are drawn from: the units of each run, and the excerpts that runs share."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from unitdisc import metrics
from unitdisc.report.browser import example_selection, examples, heatmap, neighbours, windows
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.browser.image_excerpt import grid_of
from unitdisc.report.browser.rebuilt import Rebuilding
from unitdisc.report.browser.run_units import RunUnits
from unitdisc.report.browser.unit_statistics import UnitStatistics, count_units, piece
from unitdisc.report.browser.windows import Windows
from unitdisc.report.results import CorpusResults, RunResults

most_cells = 4_000_000  # units of all runs × windows to choose from: all these counts are in memory
most_windows = 2_000
most_units = 12_000  # that the page lists, of all runs of a corpus
most_runs = 12
most_codebooks = 32  # of all these runs, where a token has an index of each of several
listed_labels = 6  # of a unit
listed_neighbours = 5
corpora_in_full = 2  # with more corpora, each has fewer excerpts


def data(
    corpus: CorpusResults, rebuilding: Rebuilding, *, shown: int, corpora: int, split: str, share: float = 1.0
) -> dict[str, Any] | None:
    """Return what the page shows of a corpus's units; None if no run has units.

    ``shown`` best, worst and random excerpts are chosen by the trained run that is most accurate on ``split``;
    ``corpora`` is the number of corpora on the page; a ``share`` below 1 shows less of everything.
    """
    runs = browsed(corpus, share)
    cut = windows.cut(corpus)
    total = sum(map(listed_units, runs))
    candidates = windows.candidates(cut, max(50, min(most_windows, most_cells // max(total, 1))))
    counted = [count_units(corpus, run, cut, candidates) for run in runs]
    statistics = [each for of_run in counted for each in of_run]
    if not statistics:
        return None
    first = max(statistics, key=lambda each: _rank(each.run, split))
    room = min(share, corpora_in_full / corpora)
    budget = corpus.modality.excerpts * room
    shown = math.ceil(shown * share)
    stretches = _stretches(corpus, statistics, first, cut, candidates, shown=shown, budget=budget)
    rebuilt = rebuilding.of(list(zip(runs, counted, strict=True)), stretches, room)
    return {
        "name": corpus.title,
        "modality": corpus.modality.name,
        "time": corpus.modality.time,
        "grid": grid_of(corpus),
        "excluded": list(corpus.exclude),
        "labels": statistics[0].labels,
        "first": statistics.index(first),
        "left_out": len(corpus.runs) - len(runs),  # for want of room; runs that did not finish are under Health
        "excerpts": [asdict(excerpt) for excerpt in examples.load(corpus, stretches)],
        "rebuilt": [each and asdict(each) for each in rebuilt],
        "runs": [shown for n, of_run in enumerate(counted) for shown in _runs(n, of_run, stretches)],
    }


def _rank(run: RunResults, split: str) -> tuple[bool, float]:
    """Order runs by what a reader wants to see first: trained models before baselines, then the most accurate."""
    return not run.baseline, float(np.nan_to_num(run.value(metrics.accuracy.name, split), nan=-1.0))


def listed_units(run: RunResults) -> int:
    """Return how many units of a run can be listed, at least 1: those of each codebook where a token has several."""
    return max(run.codewords if run.indices == 1 else run.indices * run.codewords_of_codebook, 1)


def browsed(corpus: CorpusResults, share: float = 1.0) -> list[RunResults]:
    """Return the runs that the browser holds: as many as fit, the first seeds of all models before the second ones.

    A ``share`` below 1 lowers the limits.
    """
    seeds = list(dict.fromkeys(run.seed for run in corpus.runs))
    ordered = sorted(corpus.runs, key=lambda run: seeds.index(run.seed))
    sizes = np.cumsum([listed_units(run) for run in ordered])
    codebooks = np.cumsum([run.indices for run in ordered])
    room = (sizes <= most_units * share) & (codebooks <= most_codebooks * share)
    kept = [run for n, run in enumerate(ordered) if n == 0 or (n < most_runs * share and room[n])]
    return [run for run in corpus.runs if run in kept]


def _stretches(
    corpus: CorpusResults,
    statistics: Sequence[UnitStatistics],
    first: UnitStatistics,
    cut: Windows,
    candidates: Any,
    *,
    shown: int,
    budget: float,
) -> list[Stretch]:
    """Choose the excerpts: first those shown as whole utterances, then those that show the most units."""
    by_reason = example_selection.shown(first, cut, shown)
    taken = np.concatenate([*by_reason.values(), np.zeros(0, dtype=np.int64)]).astype(np.int64)
    why = {int(window): reason for reason, chosen in by_reason.items() for window in chosen}
    more = example_selection.greedy(statistics, cut, candidates, taken, 0.8 * budget)
    chosen = np.concatenate([taken, more])
    left = budget - float((cut.end[chosen] - cut.start[chosen]).sum())
    room = cut.length if corpus.modality.whole else corpus.modality.margin
    stretches = [
        Stretch(str(cut.utterances[cut.owner[w]]), float(cut.start[w]), float(cut.end[w]), why.get(int(w), ""))
        for w in chosen
    ]
    return stretches + example_selection.rare(statistics, cut, candidates, chosen, room=room, budget=left)


def _runs(number: int, statistics: Sequence[UnitStatistics], stretches: Sequence[Stretch]) -> Iterator[dict[str, Any]]:
    """Yield what the page shows of a run: of each of its codebooks where a token has several indices."""
    if not statistics:
        return
    run = statistics[0].run
    with RunUnits(run) as sequences:
        pieces = [piece(sequences, s.utterance, s.start, s.end) for s in stretches]
    for each in statistics:
        listed = [(start, units if units.ndim == 1 else units[:, each.codebook]) for start, units in pieces]
        yield {
            "name": run.name,
            "seed": run.seed,
            "codebook": each.codebook,
            "kind": run.kind,
            "rebuilt": number,
            "codewords": run.codewords if each.codebook is None else run.codewords_of_codebook,
            "shift": each.shift,
            "units": _units(each),
            "heatmap": asdict(heatmap.draw(each.table, each.used, each.labels)),
            "pieces": [[start, " ".join(map(str, units.tolist()))] for start, units in listed],
        }


def _units(statistics: UnitStatistics) -> list[list[Any]]:
    """List each unit: its number, tokens, mean duration, mapped label, commonest labels with counts, neighbours."""
    order = np.argsort(-statistics.table, axis=1, kind="stable")[:, :listed_labels]
    counts = np.take_along_axis(statistics.table, order, axis=1)
    words = neighbours.codebook(statistics.run, statistics.codebook)
    near = neighbours.nearest(words, listed_neighbours) if words is not None else None
    return [
        [
            int(unit),
            int(statistics.tokens[row]),
            round(float(statistics.duration[row]), 4),
            int(statistics.mapping[row]),
            [[int(label), int(count)] for label, count in zip(order[row], counts[row], strict=True) if count],
            int(statistics.table[row].sum()),
            near[unit].tolist() if near is not None and unit < len(near) else [],
        ]
        for row, unit in enumerate(statistics.used)
    ]
