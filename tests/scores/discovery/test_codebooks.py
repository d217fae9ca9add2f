"""Tokens with an index of each of several codebooks: joint units, each codebook alone, and the grids of images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.scores.discovery.test_score import corpora, given_to_us
from unitdisc import metrics
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery import pairs as sparse
from unitdisc.scores.discovery import sources
from unitdisc.scores.discovery.compare import compare
from unitdisc.scores.discovery.mapping import many_to_one
from unitdisc.scores.discovery.pairs import PairCounter, Pairs
from unitdisc.scores.discovery.score import score, statistics_of
from unitdisc.scores.discovery.statistics import load, save

quick = settings(deadline=None, max_examples=40)
pairs_of = ((0, 0), (0, 300), (7, 0), (7, 300), (2**40, 1))  # of the units 0 to 4; the last one is hashed


def as_indices(corpus):
    """The same utterances with two indices in place of each unit."""
    units, labels = given_to_us(corpus)
    return {n: replace(s, units=np.array(pairs_of)[s.units]) for n, s in units.items()}, labels


def values(split, **options):
    return {s.metric: s.value for s in score(*split, bootstrap=0, **options)}


@given(corpora(), corpora(), st.sampled_from([(), ("x",)]))
@quick
def test_joint_units_score_as_units_do(corpus, fit, exclude):
    single = values(given_to_us(corpus), mapping=given_to_us(fit), exclude=exclude)
    several = values(as_indices(corpus), mapping=as_indices(fit), exclude=exclude)
    for name, value in single.items():
        if not name.startswith("one_to_one_heldout"):  # which of several best mappings depends on the order of units
            assert several[name] == pytest.approx(value, abs=1e-9, nan_ok=True), name


@given(corpora(), corpora(), st.sampled_from([(), ("x",)]))
@quick
def test_each_codebook_alone_scores_as_by_its_definition(corpus, fit, exclude):
    found = values(as_indices(corpus), mapping=as_indices(fit), exclude=exclude)
    own, other = ([([pairs_of[u] for u in units], *rest) for units, *rest in each] for each in (corpus, fit))
    for suffix, fitted in (("", None), (metrics.heldout, other)):
        for name, value in reference.codebook_scores(own, exclude, fitted).items():
            full = name if name.startswith(("units", "perplexity", "bitrate")) else name + suffix
            assert found[full] == pytest.approx(value), full


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 3)), min_size=1), st.integers(1, 7))
@quick
def test_sparse_pairs_map_as_a_table_does(tokens, size):
    counter, table = PairCounter(), np.zeros((10, 4), dtype=np.int64)
    names = pd.Index(list("abcd"), dtype="str")
    for first in range(0, len(tokens), size):
        unit, label = np.array(tokens[first : first + size]).T
        counter.add(unit, label, names)
    for unit, label in tokens:
        table[unit, label] += label >= 0
    found = counter.pairs().scored(np.arange(10), names, np.array([True] * 4 + [False]))
    assert found.count.sum() == table.sum()
    if table.sum():
        assert found.many_to_one(10).tolist() == many_to_one(table).tolist()
        assert found.majority() == table.sum(axis=0).argmax()
        assert found.best() == table.max(axis=1).sum()
        agreed = [_agreed(found.one_to_one(10), table)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sparse, "dense_cells", 0)
            agreed.append(_agreed(found.one_to_one(10), table))
        assert agreed[0] == agreed[1]


def _agreed(mapping, table):
    used = mapping[mapping >= 0]
    assert len(set(used.tolist())) == len(used)
    return int(table[mapping >= 0, used].sum())


@pytest.mark.parametrize("size", [1, 30, 10**6])
def test_blocks_of_any_size_give_the_same_scores_of_several_codebooks(monkeypatch, tmp_path, size):
    draw = np.random.default_rng(0)
    units = {f"u{n}": UnitSequence(f"u{n}", 1.0, draw.integers(0, 3, (n, 3))) for n in (6, 0, 9)}
    rows = [(name, 0.0, float(len(s.units)), "ab"[len(s.units) % 2]) for name, s in units.items() if len(s.units)]
    labels = pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])
    expected = score(units, labels, mapping=(units, labels), bootstrap=30)
    monkeypatch.setattr(sources, "block_tokens", size)
    assert repr(score(units, labels, mapping=(units, labels), bootstrap=30)) == repr(expected)
    statistics = statistics_of(units, labels)
    save(tmp_path / "s.npz", statistics)
    assert all(
        row.difference == 0 or row.a != row.a for row in compare(load(tmp_path / "s.npz"), statistics, samples=0)
    )


def test_the_joint_units_of_a_real_size_need_no_room_for_all_that_could_be():
    draw = np.random.default_rng(0)
    units = {f"u{n}": UnitSequence(f"u{n}", 1.0, draw.integers(0, 128, (64, 8)), (8, 8)) for n in range(60)}
    labels = pd.DataFrame([(n, 0.0, 64.0, f"c{i % 10}") for i, n in enumerate(units)])
    labels.columns = ["utterance", "start", "end", "label"]
    found = values((units, labels))
    assert found["units_used"] == round(found["perplexity"]) == 60 * 64
    assert found["bitrate_codebooks"] > 55
    assert found["bitrate"] == pytest.approx(np.log2(60 * 64))


def test_an_image_has_no_boundaries_runs_or_edits():
    units = {"u": UnitSequence("u", 1.0, np.array([1, 1, 2, 2]), (2, 2))}
    labels = pd.DataFrame([("u", 0.0, 4.0, "cat")], columns=["utterance", "start", "end", "label"])
    names = {metric.metric for metric in score(units, labels, mapping=(units, labels), bootstrap=0)}
    assert {"many_to_one_heldout", "one_to_one", "nmi", "units_used", "perplexity", "bitrate"} < names
    assert not [n for n in names if "boundary" in n or "per_" in n or "run" in n or "value" in n or "segment" in n]


def test_splits_of_different_numbers_of_indices_are_refused():
    labels = pd.DataFrame([("u", 0.0, 2.0, "a")], columns=["utterance", "start", "end", "label"])
    two, one, three = ({"u": UnitSequence("u", 1.0, np.zeros(shape, np.int64))} for shape in ((2, 2), 2, (2, 3)))
    for fit, wanted in ((one, "1 and 2"), (three, "3 and 2")):
        with pytest.raises(InputError, match=f"have different numbers of indices per token: {wanted}"):
            score(two, labels, mapping=(fit, labels))
    with pytest.raises(
        InputError, match="the tokens of 'v' have another number of indices than those before: 3, not 2"
    ):
        score({"u": two["u"], "v": replace(three["u"], utterance="v")}, labels)


def test_pairs_without_a_label_are_none():
    none = np.zeros(0, dtype=np.int64)
    assert Pairs(none, none, none).best() == 0
