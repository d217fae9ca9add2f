"""The choice of excerpts: every unit shown, within the budget."""

import numpy as np

from unitdisc import tables
from unitdisc.report import results
from unitdisc.report.browser import example_selection, windows
from unitdisc.report.browser.unit_statistics import UnitStatistics, piece


def test_greedy_choice_covers_units_within_its_budget(
    statistics: UnitStatistics, corpus: results.CorpusResults
) -> None:
    cut = windows.cut(corpus)
    everything = np.arange(len(cut))
    chosen = example_selection.greedy([statistics], cut, everything, everything[:0], 300.0)
    assert len(set(chosen.tolist())) == len(chosen)
    enough = np.minimum(statistics.cover.sum(axis=1), example_selection.examples)
    assert (statistics.cover[:, chosen].sum(axis=1) >= enough).all()
    few = example_selection.greedy([statistics], cut, everything, everything[:0], 2.0)
    assert 0 < (cut.end[few] - cut.start[few]).sum() <= 2.0
    assert len(example_selection.greedy([statistics], cut, everything, everything, 300.0)) == 0


def test_rare_units_get_their_own_stretch(statistics: UnitStatistics, corpus: results.CorpusResults) -> None:
    cut = windows.cut(corpus)
    everything = np.arange(len(cut))
    stretches = example_selection.rare([statistics], cut, everything, everything[:0], room=0.1, budget=100.0)
    sequences = {
        name: s
        for split in ("train", "dev", "test")
        for name, s in tables.read_units(corpus.runs[0].files.units(split)).items()
    }
    seen = {int(u) for s in stretches for u in piece(sequences, s.utterance, s.start, s.end)[1]}
    assert seen == set(statistics.used.tolist())
    assert example_selection.rare([statistics], cut, everything, everything, room=0.1, budget=100.0) == []
    assert len(example_selection.rare([statistics], cut, everything, everything[:0], room=0.1, budget=0.5)) == 2
