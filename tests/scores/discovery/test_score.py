"""Every score against its loop oracle, the established tools' numbers, and what must not change it."""

import json
import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.helpers.places import repository, shared
from unitdisc.errors import InputError
from unitdisc.formats.labels import read_labels
from unitdisc.formats.unit_files import read_sequences
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.score import score, unknown_labels

quick = settings(deadline=None, max_examples=60)
usage = {"units_used", "perplexity", "bitrate", "bitrate_runs", "run_duration"}


@st.composite
def corpora(draw, labels="abcx", units=5):
    """Utterances of units and segments on a grid of half tokens, gaps and ragged ends included."""
    shift = draw(st.sampled_from([Fraction(1, 100), Fraction(3, 100), Fraction(4)]))
    corpus = []
    for _ in range(draw(st.integers(1, 4))):
        sequence = draw(st.lists(st.integers(0, units - 1), min_size=1, max_size=12))
        segments, time = [], Fraction(0)
        for _ in range(draw(st.integers(0, 6))):
            time += draw(st.sampled_from([0, 0, 0, 1, 2])) * shift / 2
            end = time + draw(st.integers(1, 6)) * shift / 2
            segments.append((time, end, draw(st.sampled_from(labels))))
            time = end
        corpus.append((sequence, segments, shift))
    return corpus


def given_to_us(corpus):
    units = {f"u{i}": UnitSequence(f"u{i}", float(s), np.array(u, np.int64)) for i, (u, _, s) in enumerate(corpus)}
    rows = [(f"u{i}", float(a), float(b), y) for i, (_, labels, _) in enumerate(corpus) for a, b, y in labels]
    return units, pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])


def values(corpus, **options):
    return {s.metric: s.value for s in score(*given_to_us(corpus), bootstrap=0, **options)}


def expected(corpus, excluded, tolerance, fit=None):
    """All metrics of the oracle; with ``fit``, those that depend on a mapping, fitted there."""
    pairs = reference.scored_pairs(corpus, excluded)
    out = {} if fit else dict(reference.usage_scores(corpus))
    fitting = reference.scored_pairs(fit, excluded) if fit else pairs
    if not pairs or not fitting:
        return out
    mapping, top = reference.fit_many_to_one(fitting)
    total = len(pairs)
    out["many_to_one"] = sum(mapping.get(u, top) == y for u, y in pairs) / total
    out["majority"] = sum(top == y for _, y in pairs) / total
    out |= reference.error_rate(corpus, excluded, mapping, top)
    out |= reference.boundary_scores(corpus, excluded, tolerance, lambda u: mapping.get(u, top))
    if not fit:
        out["one_to_one"] = reference.best_one_to_one(pairs) / total
        out |= reference.clustering_scores(pairs)
        raw = reference.boundary_scores(corpus, excluded, tolerance, lambda u: u)
        out |= {name if name.startswith("unit_") else f"unit_boundary_{name}": v for name, v in _prefixed(raw).items()}
        out["frame_boundary_f1"] = reference.frame_f1_mean(corpus, excluded)
    return out


def _prefixed(scores):
    return {name.replace("boundary_", "unit_boundary_"): value for name, value in scores.items()}


def check(got, want, suffix=""):
    for name, value in want.items():
        name = name if name in usage else name + suffix
        assert got[name] == pytest.approx(value, abs=1e-9), name


@quick
@given(corpora())
def test_every_score_is_the_oracles(corpus):
    tolerance = Fraction(2, 3) * corpus[0][2]
    got, want = values(corpus, tolerance=float(tolerance)), expected(corpus, (), tolerance)
    check(got, want)
    assert {name for name, value in got.items() if not math.isnan(value)} <= set(want)


@quick
@given(corpora(), corpora())
def test_labels_left_out_and_mappings_of_another_split(corpus, other):
    other = [(units, [(a / s * corpus[0][2], b / s * corpus[0][2], y) for a, b, y in rows], corpus[0][2])
             for units, rows, s in other]  # fmt: skip
    tolerance = corpus[0][2]
    got = values(corpus, tolerance=float(tolerance), exclude=["x"], mapping=given_to_us(other))
    check(got, expected(corpus, ("x",), tolerance))
    check(got, expected(corpus, ("x",), tolerance, fit=other), "_heldout")
    if any(y == "x" for part in (corpus, other) for _, rows, _ in part for _, _, y in rows):
        check(got, expected(corpus, (), tolerance), "_excluded")
        check(got, expected(corpus, (), tolerance, fit=other), "_heldout_excluded")
    else:
        assert not any(name.endswith("_excluded") for name in got)


@pytest.mark.slow
@quick
@given(corpora(), st.permutations(range(5)))
def test_renaming_units_changes_nothing(corpus, names):
    renamed = [([100 * names[u] for u in units], rows, shift) for units, rows, shift in corpus]
    assert values(renamed) == pytest.approx(values(corpus), nan_ok=True)


@pytest.mark.slow
@quick
@given(corpora(), st.data())
def test_splitting_an_utterance_changes_only_what_spans_the_cut(corpus, data):
    units, rows, shift = corpus[0]
    cut = data.draw(st.integers(0, len(units)))
    time = cut * shift
    first = [(a, min(b, time), y) for a, b, y in rows if a < time]
    second = [(max(a, time) - time, b - time, y) for a, b, y in rows if b > time]
    halves = [(units[:cut], first, shift), (units[cut:], second, shift)]
    got, want = values(halves + corpus[1:]), values(corpus)
    spanning = ("per_", "boundary", "unit_boundary", "over_seg", "r_value", "frame_", "bitrate_runs", "run_duration")
    for name, value in want.items():
        if not name.startswith(spanning):
            assert got[name] == pytest.approx(value), name


def labelled(units, labels, shift=0.01):
    segments = [(Fraction(i), Fraction(i + 1), y) for i, y in enumerate(labels)]
    step = Fraction(str(shift))
    return [(units, [(a * step, b * step, y) for a, b, y in segments], step)]


def test_perfect_units_score_one_and_err_nowhere():
    got = values(labelled([3, 3, 7, 7, 7, 1, 3], "aabbbca"))
    ones = {"many_to_one", "one_to_one", "phone_purity", "cluster_purity", "pnmi", "nmi", "ami", "ari", "v_measure"}
    ones |= {"homogeneity", "completeness", "boundary_precision", "boundary_recall", "boundary_f1", "r_value"}
    ones |= {"unit_boundary_precision", "unit_boundary_recall", "unit_boundary_f1", "unit_boundary_r_value"}
    for name in ones | {"frame_boundary_f1"}:
        assert got[name] == pytest.approx(1), name
    zeros = {"per_many_to_one", "per_substitutions", "per_deletions", "per_insertions", "over_segmentation"}
    for name in zeros:
        assert got[name] == 0, name


def test_a_constant_unit_knows_only_the_most_frequent_label():
    got = values(labelled([4] * 7, "aabbbca"))
    assert got["many_to_one"] == got["majority"] == got["one_to_one"] == got["phone_purity"] == pytest.approx(3 / 7)
    for name in ("pnmi", "nmi", "ami", "ari", "v_measure", "homogeneity", "boundary_precision", "boundary_recall"):
        assert got[name] == 0, name
    assert got["completeness"] == got["cluster_purity"] == 1
    assert got["over_segmentation"] == -1
    assert got["r_value"] == pytest.approx(1 - math.sqrt(2) / 2)
    assert (got["units_used"], got["perplexity"], got["bitrate"]) == (1, 1, 0)


def test_one_label_alone():
    got = values(labelled([1, 2, 2, 1], "aaaa"))
    assert got["many_to_one"] == got["phone_purity"] == got["homogeneity"] == 1
    assert got["pnmi"] == got["nmi"] == got["ami"] == got["ari"] == got["completeness"] == 0
    assert got["per_many_to_one"] == 0
    assert math.isnan(got["boundary_recall"])
    assert math.isnan(got["r_value"])


def test_without_labels_only_the_usage_is_scored():
    empty = pd.DataFrame({"utterance": [], "start": [], "end": [], "label": []})
    units = {"u": UnitSequence("u", 4.0, np.array([1, 1, 2])), "v": UnitSequence("v", 4.0, np.zeros(0, np.int64))}
    elsewhere = pd.DataFrame({"utterance": ["w"], "start": [0.0], "end": [1.0], "label": ["a"]})
    for labels in (empty, elsewhere):
        for options in ({}, {"exclude": ["a"]}, {"mapping": (units, labels)}):
            got = score(units, labels, bootstrap=10, **options)
            assert {s.metric for s in got} == usage
    assert {s.metric for s in score({}, empty)} == usage


def test_everything_left_out_leaves_only_the_metrics_that_count_it():
    got = values(labelled([1, 2], "xx"), exclude=["x"])
    assert "many_to_one" not in got
    assert got["many_to_one_excluded"] == 1


def test_n_counts_what_a_metric_counts():
    got = {s.metric: s.n for s in score(*given_to_us(labelled([1, 1, 2, 3], "aabx")), exclude=["x"], bootstrap=0)}
    assert got["many_to_one"] == 3
    assert got["many_to_one_excluded"] == got["units_used"] == 4
    assert got["per_many_to_one"] == 2
    assert got["boundary_recall"] == 1
    assert got["frame_boundary_f1"] == 1
    assert got["run_duration"] == 3


def test_times_are_decimals():
    """0.1 + 0.2 and 0.3 are one time, and a middle on a label's start has that label."""
    labels = pd.DataFrame({"utterance": "u", "start": [0.0, 0.1 + 0.2], "end": [0.1 + 0.2, 0.6], "label": ["a", "b"]})
    got = score({"u": UnitSequence("u", 0.2, np.array([0, 1, 1]))}, labels, bootstrap=0)
    assert {s.metric: s.value for s in got}["many_to_one"] == 1
    assert {s.metric: s.value for s in got}["boundary_recall"] == 0


def test_a_mapping_of_another_split_gives_each_label_to_one_unit():
    fit = given_to_us(labelled([1, 1, 1, 2, 2, 2], "aaaaab"))
    got = values(labelled([1, 2, 2, 3], "abbc"), mapping=fit)
    assert (got["one_to_one"], got["many_to_one"]) == (1, 1)
    assert got["one_to_one_heldout"] == 3 / 4  # unit 3 was never seen
    assert got["many_to_one_heldout"] == got["majority_heldout"] == 1 / 4


def test_every_metric_is_defined_in_the_documentation():
    text = (repository / "docs" / "metrics.md").read_text(encoding="utf-8")
    defined = set(re.findall(r"[a-z][a-z0-9_]+", text))
    split = labelled([1, 2, 3, 4], "abxc")
    for metric in values(split, exclude=["x"], mapping=given_to_us(split)):
        assert metric.removesuffix("_excluded").removesuffix("_heldout") in defined


def test_repeated_tokens_match_the_references_frames():
    """Tokens of three frames, scored at the frame, are their units repeated."""
    coarse = labelled([0, 1, 1, 2], "aabc", shift=0.03)
    fine = [(np.repeat(coarse[0][0], 3).tolist(), coarse[0][1], Fraction(1, 100))]
    assert values(coarse, frame=0.01)["frame_boundary_f1"] == values(fine)["frame_boundary_f1"]


def test_a_users_mistakes_are_told():
    units, labels = given_to_us(labelled([1, 2, 3, 4], "abcd"))
    with pytest.raises(InputError, match="overlaps"):
        score(units, labels.assign(end=[0.02, 0.02, 0.03, 0.04]))
    with pytest.raises(InputError, match="unit -1 of 'u0' is below 0"):
        score({"u0": UnitSequence("u0", 0.01, np.array([1, -1]))}, labels)
    with pytest.raises(InputError, match=r"the labels of 'u0' end at 0.04, its 4 units at 0.08"):
        score({"u0": UnitSequence("u0", 0.02, np.arange(4))}, labels, lengths="strict")
    with pytest.raises(InputError, match="has no speaker"):
        score(units, labels, speakers={})
    with pytest.raises(InputError, match="no column label"):
        score(units, labels.drop(columns="label"))
    for tolerance in (-1, math.nan, math.inf):
        with pytest.raises(InputError, match=f"tolerance {tolerance:g} is not a number from 0"):
            score(units, labels, tolerance=tolerance)
    for frame in (0, math.nan, math.inf):
        with pytest.raises(InputError, match=f"frame {frame:g} is not a number above 0"):
            score(units, labels, frame=frame)
    one_more = {"u0": UnitSequence("u0", 0.01, np.arange(5))}
    assert score(one_more, labels, lengths="strict", bootstrap=0)


@pytest.mark.skipif(not shared.exists(), reason="the shared corpora are absent")
def test_the_oracle_files_numbers():
    want = json.loads((shared / "reference/oracle/expected.json").read_text())["discovery/many-to-one"]
    units = read_sequences(shared / "reference/oracle/units.jsonl", 0.01)
    labels = read_labels(shared / "data/mboshi/test/phones.ctm")
    got = {s.metric: s.value for s in score(units, labels, bootstrap=0, lengths="strict")}
    names = {"pnmi": "pnmi", "per": "per_many_to_one", "f1": "boundary_f1", "r_val": "r_value"}
    for theirs, ours in names.items():
        assert got[ours] == pytest.approx(want[theirs], abs=1e-9)


@pytest.mark.parametrize(
    ("excluded", "labels", "unknown"),
    [
        ([], ["a"], []),
        (["SIL"], ["SIL", "a"], []),
        (["SIL"], ["sil", "a"], ["SIL (there is sil)"]),
        (["SIL", "sil"], ["sil", "a"], ["SIL"]),  # sil is named too
        (["pau", "b"], ["a"], ["b", "pau"]),
        (["STRASSE"], ["stra\u00dfe"], ["STRASSE (there is stra\u00dfe)"]),
        (["x"], [], ["x"]),
    ],
)
def test_names_that_no_label_has_are_found_with_those_that_differ_in_capitals(excluded, labels, unknown):
    assert unknown_labels(excluded, labels) == unknown
