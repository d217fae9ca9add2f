"""Units and labels in blocks: of any size, from memory or from files, the scores are the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scores.test_bootstrap import corpus
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.records import Label, UnitSequence
from unitdisc.scores.discovery import sources
from unitdisc.scores.discovery.contingency import Gathered, count, weighted
from unitdisc.scores.discovery.overview import overview_of
from unitdisc.scores.discovery.score import statistics_of, statistics_of_source
from unitdisc.scores.discovery.sources import InFiles, InMemory


def told(statistics):
    """Return statistics as things that can be compared."""
    counts = [statistics.cells, statistics.units, statistics.runs]
    arrays = [array for each in counts for array in (each.first, each.cell, each.count, each.keys)]
    sums = [statistics.sums[name] for name in sorted(statistics.sums)]
    names = [statistics.utterances, statistics.groups, statistics.labels, statistics.excluded, list(statistics.sums)]
    return names, [(str(array.dtype), array.tolist()) for array in (*arrays, *sums)]


def uneven(seed):
    """A corpus with an utterance without units, one without labels, and labels of an utterance without units."""
    units, labels = corpus(seed, utterances=9, tokens=30)
    units["u3"] = UnitSequence("u3", 0.01, units["u3"].units[:0])
    units["z"] = UnitSequence("z", 0.02, np.array([50, 50, 2**40]))
    rest = labels[labels["utterance"] != "u5"]
    return units, pd.concat([rest, rest[rest["utterance"] == "u1"].assign(utterance="other", label="w")])


@pytest.mark.parametrize("size", [1, 29, 30, 75, 10**6])
@pytest.mark.parametrize("options", [{}, {"exclude": ["x"], "frame": 0.005}, {"mapping": uneven(4), "exclude": ["b"]}])
def test_blocks_of_any_size_give_the_same_statistics(monkeypatch, size, options):
    expected = told(statistics_of(*uneven(2), **options))
    monkeypatch.setattr(sources, "block_tokens", size)
    assert told(statistics_of(*uneven(2), **options)) == expected


def in_files(folder, units, labels):
    tables.write_units(folder / "units.tsv", units.values())
    tables.write(folder / "labels.tsv", labels, Label)
    return InFiles(folder / "units.tsv", LabelIndex(folder / "labels.tsv", ["i"]))


@pytest.mark.parametrize("size", [1, 75, 10**6])
def test_files_give_the_statistics_of_their_contents(tmp_path, monkeypatch, size):
    units, labels = uneven(3)
    ignored = labels[labels["utterance"] == "u2"].assign(label="i")
    labels = labels[labels["utterance"] != "u2"]
    own = labels[labels["utterance"].isin(list(units))]
    expected = told(statistics_of(units, own, exclude=["x"], mapping=(units, own)))
    monkeypatch.setattr(sources, "block_tokens", size)
    mixed = pd.concat([labels, ignored]).sample(frac=1, random_state=0)
    source = in_files(tmp_path, units, mixed)
    with source.labels:
        overview = overview_of(source)
        assert told(statistics_of_source(source, overview, fit=overview, exclude=["x"])) == expected


def test_no_utterance_is_a_block_of_none(tmp_path):
    source = in_files(tmp_path, {}, pd.DataFrame({"utterance": ["w"], "start": [0.0], "end": [1.0], "label": ["a"]}))
    with source.labels:
        assert [(list(units), len(labels)) for units, labels in source.blocks()] == [([], 0)]
        assert statistics_of_source(source, overview_of(source)).utterances == []


def test_mistakes_in_files_are_told_with_their_place(tmp_path):
    units, labels = corpus(utterances=3)
    source = in_files(tmp_path, units, labels)
    (tmp_path / "units.tsv").write_text("utterance\tframe_shift\tunits\nu0\t0.01\t1 2\nu1\t0.01\t1 x\n")
    with source.labels, pytest.raises(InputError, match=r"units\.tsv:3: a unit of 'u1' is not a whole number"):
        overview_of(source)
    source = in_files(tmp_path, units, pd.concat([labels, labels.iloc[[3]].assign(end=0.9)]))
    with source.labels, pytest.raises(InputError, match="overlaps the label before it"):
        overview_of(source)
    with pytest.raises(InputError, match="no column label"):
        InMemory(units, labels.drop(columns="label"))


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows, min_size=1, max_size=4))
def test_counts_in_parts_are_counts_of_the_whole(parts):
    gathered, whole = Gathered(), []
    for number, part in enumerate(parts):
        owner, *columns = np.array(sorted(part), dtype=np.int64).reshape(-1, 3).T.copy()
        gathered.add(count(owner, *columns, utterances=4))
        whole += [(owner + 4 * number, *columns)]
    owner, *columns = (np.concatenate(column) for column in zip(*whole, strict=True))
    expected, got = count(owner, *columns, utterances=4 * len(parts)), gathered.counts()
    for name in ("first", "cell", "count", "keys"):
        assert getattr(got, name).tolist() == getattr(expected, name).tolist(), name


@pytest.mark.parametrize(("cells", "of_each"), [(65_536, 3), (65_537, 5)])
def test_what_stays_of_a_corpus_is_small(cells, of_each):
    """Bytes for each unit, unit with a label, and length of a run of an utterance."""
    counts = count(np.tile([0, 1], cells), np.repeat(np.arange(cells), 2), utterances=2)
    assert counts.cell.nbytes + counts.count.nbytes == of_each * 2 * cells
    gathered = Gathered()
    gathered.add(count(np.arange(2), np.array([7, 7]), utterances=2))  # narrow, then wide
    gathered.add(counts)
    both = gathered.counts()
    assert both.cell.nbytes + both.count.nbytes == of_each * (2 + 2 * cells)
    ones = np.ones((1, 4), dtype=np.int64)
    assert weighted(ones, both)[0].tolist() == [4 if cell == 7 else 2 for cell in range(cells)]


@pytest.mark.parametrize("times", [254, 255, 256, 510, 511, 70_000])
def test_what_an_utterance_has_often_is_counted_in_full(times):
    counts = count(np.repeat([0, 1, 1], [times, 3, times]), np.repeat([0, 0, 1], [times, 3, times]), utterances=2)
    assert counts.count.dtype == np.uint8
    assert weighted(np.array([[1, 0], [0, 1], [5, 2]]), counts).tolist() == [
        [times, 0],
        [3, times],
        [5 * times + 6, 2 * times],
    ]
