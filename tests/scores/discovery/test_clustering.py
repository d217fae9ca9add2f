"""Agreement of two clusterings, beside scikit-learn and the loop oracles."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from tests import reference
from unitdisc.scores.discovery import clustering, contingency, edits, mapping

pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=30)
quick = settings(deadline=None, max_examples=100)


def agreement(units, labels):
    counts = contingency.count(np.zeros(len(units), np.int64), units, labels, utterances=1)
    unit, label = (np.ascontiguousarray(key) for key in counts.keys.T)
    values = clustering.agreement(
        unit,
        label,
        contingency.weighted(np.ones((1, 1), np.int64), counts)[0],
        int(units.max()) + 1,
        int(labels.max()) + 1,
    )
    return dict(zip(clustering.names, values, strict=True))


def of_sklearn(units, labels):
    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(labels, units)
    return {
        "nmi": metrics.normalized_mutual_info_score(labels, units),
        "ami": metrics.adjusted_mutual_info_score(labels, units),
        "ari": metrics.adjusted_rand_score(labels, units),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": v_measure,
    }


@quick
@given(pairs)
@example([(0, 0)])
@example([(0, 0), (0, 1)])
@example([(0, 0), (1, 0)])
@example([(i, i % 5) for i in range(30)])
def test_scores_are_the_oracles_and_scikit_learns(pairs):
    units, labels = np.array(pairs, dtype=np.int64).T
    got = agreement(units, labels)
    for want in (reference.clustering_scores(pairs), of_sklearn(units, labels)):
        for name, value in want.items():
            assert got[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize(("tokens", "units", "labels"), [(20_000, 500, 40), (3000, 2000, 30), (50_000, 8, 3)])
def test_many_tokens_agree_with_scikit_learn(tokens, units, labels):
    generator = np.random.default_rng(tokens)
    unit = np.minimum(generator.geometric(4 / units, tokens), units - 1)
    label = np.where(generator.random(tokens) < 0.5, unit % labels, generator.integers(labels, size=tokens))
    got = agreement(unit, label)
    for name, value in of_sklearn(unit, label).items():
        assert got[name] == pytest.approx(value, abs=1e-9), name


def test_overlaps_beyond_the_largest_one_do_not_count():
    generator = np.random.default_rng(0)
    n = np.arange(1_000_001, dtype=np.float64)
    whole = n * np.log(np.maximum(n, 1))
    for total in (1, 2, 30, 1000, 50_000, 1_000_000):
        sizes = np.unique(np.maximum((total ** generator.random((40, 2))).astype(np.int64), 1), axis=0)
        for a, b in [(total, total), (total, 1), *sizes.tolist()]:
            largest = clustering.largest_overlap(a, b, total)
            short = np.ascontiguousarray(whole[: largest + 1])
            assert clustering.expected_overlap(a, b, total, short) == clustering.expected_overlap(a, b, total, whole)
    assert clustering.largest_overlap(200_000, 200_000, 1_000_000) < 50_000


def test_no_token_has_no_score():
    none = np.zeros(0, np.int64)
    assert np.isnan(clustering.agreement(none, none, none, 3, 3)).all()


@quick
@given(pairs)
def test_mappings_are_the_oracles(pairs):
    units, labels = np.array(pairs, dtype=np.int64).T
    table = np.zeros((7, 5), dtype=np.int64)
    np.add.at(table, (units, labels), 1)
    fitted, top = reference.fit_many_to_one(pairs)
    assert mapping.many_to_one(table).tolist() == [fitted.get(u, top) for u in range(7)]
    one = mapping.one_to_one(table)
    assert mapping.correct(one, units, labels).sum() == reference.best_one_to_one(pairs)
    taken = one[one >= 0]
    assert len(set(taken)) == len(taken)


@quick
@given(st.lists(st.tuples(st.text("abc", max_size=7), st.text("abc", max_size=7)), min_size=1, max_size=4))
def test_edits_are_the_oracles(texts):
    flat = [np.array([ord(c) for text in side for c in text], dtype=np.int64) for side in zip(*texts, strict=True)]
    ends = [np.cumsum([len(text) for text in side]).astype(np.int64) for side in zip(*texts, strict=True)]
    got = edits.edit_counts(flat[0], ends[0], flat[1], ends[1])
    for (substitutions, deletions, insertions), (guess, truth) in zip(got.tolist(), texts, strict=True):
        steps = (substitutions + deletions + insertions, insertions, deletions, substitutions)
        assert steps == reference.edit_steps(guess, truth)


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=20))
def test_weighted_counts_are_counts_of_the_utterances_taken_so_often(rows):
    owner, *columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
    counts = contingency.count(owner, *columns, utterances=4)
    weights = np.array([2, 0, 1, 3])
    got = contingency.weighted(weights[None], counts)[0]
    want = {}
    for row in rows:
        want[row[1:]] = want.get(row[1:], 0) + weights[row[0]]
    assert {tuple(key): n for key, n in zip(counts.keys.tolist(), got.tolist(), strict=True)} == want
