"""The statistics of units against loops."""

from collections import Counter

import pytest

from unitdisc import tables
from unitdisc.records import Label
from unitdisc.report import results
from unitdisc.report.browser.unit_statistics import UnitStatistics


def test_tokens_and_stretches_are_counted_as_a_loop_does(
    corpus: results.CorpusResults, statistics: UnitStatistics
) -> None:
    tokens: Counter[int] = Counter()
    stretches: Counter[int] = Counter()
    cells: Counter[tuple[int, str]] = Counter()
    fitted: dict[int, Counter[str]] = {}
    labels = tables.read_records(corpus.files.labels, Label)
    for split in ("train", "dev", "test"):
        for name, sequence in tables.read_units(corpus.runs[0].files.units(split)).items():
            before = None
            for index, unit in enumerate(sequence.units.tolist()):
                tokens[unit] += 1
                stretches[unit] += unit != before
                before = unit
                time = (index + 0.5) * sequence.frame_shift
                for label in labels:
                    if label.utterance == name and label.start <= time < label.end:
                        cells[unit, label.label] += 1
                        if split == "train":
                            fitted.setdefault(unit, Counter())[label.label] += 1
    for row, unit in enumerate(statistics.used.tolist()):
        assert statistics.tokens[row] == tokens[unit]
        assert statistics.stretches[row] == stretches[unit]
        assert statistics.duration[row] == pytest.approx(0.02 * tokens[unit] / stretches[unit])
        assert {(unit, label): n for label, n in zip(statistics.labels, statistics.table[row], strict=True) if n} == {
            key: n for key, n in cells.items() if key[0] == unit
        }
        assert fitted[unit][statistics.labels[statistics.mapping[row]]] == max(fitted[unit].values())
    assert statistics.cover.sum() == sum(stretches.values())


def test_windows_are_judged_outside_silence(statistics: UnitStatistics) -> None:
    silence = statistics.labels.index("SIL")
    kept = [index for index in range(len(statistics.labels)) if index != silence]
    assert statistics.scored.sum() == statistics.table[:, kept].sum()
    right = sum(int(row[m]) for row, m in zip(statistics.table, statistics.mapping, strict=True) if m != silence)
    assert statistics.right.sum() == right
