"""What units know of speakers: beside the loop oracle, scikit-learn, every shuffle, and what must not change it."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as of_sklearn

from tests import reference
from tests.scores.test_bootstrap import corpus
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery import speakers as measured
from unitdisc.scores.discovery.compare import UnpairedError, compare
from unitdisc.scores.discovery.metrics import evaluate
from unitdisc.scores.discovery.score import score, statistics_of
from unitdisc.scores.discovery.statistics import load, reorder, save

quick = settings(deadline=None, max_examples=60)
names = {f"speaker_{name}{where}" for name in ("nmi", "ami", "nmi_chance") for where in ("", "_all")}
tokens = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abx ")), min_size=1, max_size=10)
utterances = st.lists(st.tuples(tokens, st.sampled_from("stu")), min_size=3, max_size=6)


def given_to_us(said):
    """Units, labels and speakers of utterances of (unit, label) pairs; a space is no label."""
    units, rows, speakers = {}, [], {}
    for number, (pairs, speaker) in enumerate(said):
        name = f"u{number}"
        units[name] = UnitSequence(name, 1.0, np.array([unit for unit, _ in pairs]))
        rows += [(name, float(i), i + 1.0, label) for i, (_, label) in enumerate(pairs) if label != " "]
        speakers[name] = speaker
    return units, pd.DataFrame(rows, columns=["utterance", "start", "end", "label"]), speakers


def scored(said, **options):
    units, labels, speakers = given_to_us(said)
    found = score(units, labels, exclude=["x"], speakers=speakers, bootstrap=0, **options)
    return {each.metric: each for each in found if each.metric.startswith("speaker")}


def counted(said, labels):
    """The unit, speaker and utterance of every token with one of the labels."""
    return [(unit, who, n) for n, (pairs, who) in enumerate(said) for unit, label in pairs if label in labels]


def told_apart(found):
    speakers = {(who, n) for _, who, n in found}
    return 1 < len({who for who, _ in speakers}) < len(speakers)


@quick
@given(utterances)
@example([([(0, "a")], "s"), ([(0, "a")], "s"), ([(0, "a")], "t")])  # one unit
@example([([(0, "a")], "s"), ([(0, "a")], "s"), ([(1, "a")], "t")])  # a unit for each speaker
@example([([(0, "x")], "s"), ([(1, " ")], "s"), ([(1, "a")], "t")])  # one token with a label
def test_scores_are_the_oracles_and_scikit_learns(said):
    got = scored(said)
    for where, labels in (("", "ab"), ("_all", "abx ")):
        found = counted(said, labels)
        assert (f"speaker_nmi{where}" in got) == told_apart(found)
        if told_apart(found):
            pairs = [(unit, who) for unit, who, _ in found]
            want = reference.clustering_scores(pairs)
            units, speakers = zip(*pairs, strict=True)
            assert want["nmi"] == pytest.approx(of_sklearn.normalized_mutual_info_score(speakers, units), abs=1e-9)
            for name in ("nmi", "ami"):
                assert got[f"speaker_{name}{where}"].value == pytest.approx(want[name], abs=1e-9), name
                assert got[f"speaker_{name}{where}"].n == len(pairs)


@quick
@given(utterances)
def test_chance_is_among_what_all_shuffles_reach(said):
    found = counted(said, "ab")
    if not told_apart(found):
        return
    here = sorted({n for _, _, n in found})
    reached = []
    for order in permutations(here):
        who = dict(zip(here, (said[n][1] for n in order), strict=True))
        reached.append(reference.clustering_scores([(unit, who[n]) for unit, _, n in found])["nmi"])
    chance = scored(said)["speaker_nmi_chance"]
    assert min(reached) - 1e-9 <= chance.low <= chance.high <= max(reached) + 1e-9
    assert chance.value == pytest.approx(np.mean(reached), abs=0.6 * (max(reached) - min(reached)) + 1e-9)
    assert chance.n == len(found)


def test_units_that_are_speakers_are_far_above_chance_and_noise_is_not():
    draw = np.random.default_rng(0)
    owners = [("s", "t", "u")[n % 3] for n in range(30)]
    own = [([("stu".index(who), "a")] * 40, who) for who in owners]
    noise = [([(unit, "a") for unit in draw.integers(200, size=40).tolist()], who) for who in owners]
    known, unknown = scored(own), scored(noise)
    assert known["speaker_nmi"].value == known["speaker_ami"].value == pytest.approx(1)
    assert known["speaker_nmi_chance"].high < 0.5
    assert unknown["speaker_nmi"].value > 0.04  # by the number of units alone
    assert unknown["speaker_ami"].value == pytest.approx(0, abs=0.01)
    assert unknown["speaker_nmi_chance"].low < unknown["speaker_nmi"].value < unknown["speaker_nmi_chance"].high


def test_what_utterances_say_is_taken_for_their_speakers_by_ami_and_not_by_shuffles():
    """Units of its own in each utterance, whoever speaks: dependent tokens are why there is a second level."""
    said = [([(n, "a")] * 30, "st"[n % 2]) for n in range(20)]
    got = scored(said)
    assert got["speaker_ami"].value > 0.3
    assert got["speaker_nmi"].value == pytest.approx(got["speaker_nmi_chance"].value)


@pytest.mark.parametrize("speakers", ["ssss", "stuv"])
def test_one_speaker_or_one_utterance_for_each_has_no_score(speakers):
    assert scored([([(n, "a")] * 3, who) for n, who in enumerate(speakers)]) == {}


def test_without_speakers_there_are_no_such_scores_and_without_labels_only_those_of_all_tokens():
    units, labels, speakers = given_to_us([([(1, "a"), (2, "b")], who) for who in "sst"])
    assert not names & {each.metric for each in score(units, labels, bootstrap=0)}
    found = {each.metric for each in score(units, labels.iloc[:0], speakers=speakers, bootstrap=0)}
    assert names & found == {name for name in names if name.endswith("_all")}


def test_resamples_draw_speakers_unless_utterances_are_asked_for():
    units, labels = corpus(utterances=12)
    speakers = {name: f"s{number % 3}" for number, name in enumerate(units)}
    by_speaker, by_utterance = (
        statistics_of(units, labels, speakers=speakers, drawn=drawn) for drawn in ("speakers", "utterances")
    )
    assert by_speaker.groups == by_speaker.speakers == by_utterance.speakers == list(speakers.values())
    assert by_utterance.groups == list(units)
    plain = {each.metric: each for each in score(units, labels, bootstrap=30)}
    told = score(units, labels, speakers=speakers, drawn="utterances", bootstrap=30)
    assert [each for each in told if each.metric not in names] == list(plain.values())
    assert [each.metric for each in told][: len(plain)] == list(plain)
    for each in told[len(plain) :]:
        assert each.low < each.value < each.high


def test_weights_are_worth_copies():
    units, labels = corpus(utterances=5)
    speakers = dict(zip(units, "sttus", strict=True))
    weights = dict(zip(units, (2, 0, 1, 3, 1), strict=True))
    copies, rows, who = {}, [], {}
    for name, times in weights.items():
        for k in range(times):
            copies[f"{name}.{k}"] = UnitSequence(f"{name}.{k}", 0.01, units[name].units)
            rows.append(labels[labels["utterance"] == name].assign(utterance=f"{name}.{k}"))
            who[f"{name}.{k}"] = speakers[name]
    got = evaluate(statistics_of(units, labels, speakers=speakers), np.array([list(weights.values())]))
    want = {each.metric: each for each in score(copies, pd.concat(rows), speakers=who, bootstrap=0)}
    checked = [column for column in got if column.metric in names]
    assert len(checked) == 4
    for column in checked:
        assert column.values[0] == pytest.approx(want[column.metric].value), column.metric
        assert column.items[0] == want[column.metric].n


def test_speakers_are_saved_and_reordered_and_older_files_have_none(tmp_path):
    units, labels = corpus(utterances=4)
    known = statistics_of(units, labels, speakers=dict(zip(units, "stst", strict=True)))
    save(tmp_path / "a.npz", known)
    again = load(tmp_path / "a.npz")
    assert again.speakers == ["s", "t", "s", "t"]
    assert reorder(again, list(reversed(again.utterances))).speakers == ["t", "s", "t", "s"]
    arrays = dict(np.load(tmp_path / "a.npz"))
    np.savez(tmp_path / "old.npz", **{name: array for name, array in arrays.items() if name != "speakers"})
    old = load(tmp_path / "old.npz")
    assert old.speakers == []
    ones = np.ones((1, 4), np.int64)
    assert {column.metric for column in evaluate(old, ones)} == {c.metric for c in evaluate(known, ones)} - names


def test_systems_are_compared_on_the_same_speakers():
    units, labels = corpus(utterances=6)
    a, b = (statistics_of(units, labels, speakers=dict(zip(units, who, strict=True)), drawn="utterances")
            for who in ("ststst", "sssttt"))  # fmt: skip
    found = {row.metric: row for row in compare(a, a, samples=20)}
    assert found["speaker_nmi"].difference == 0
    assert found["speaker_nmi"].better == "-"
    with pytest.raises(UnpairedError, match="the same speakers"):
        compare(a, b, samples=20)


def test_an_utterance_without_a_speaker_is_told():
    units, labels, _ = given_to_us([([(1, "a")], "s")])
    with pytest.raises(InputError, match="'u0' has no speaker"):
        score(units, labels, speakers={}, drawn="utterances")


def test_many_tokens_are_as_exact_as_few():
    draw = np.random.default_rng(1)
    units = [draw.integers(400, size=2000) for _ in range(40)]
    sequences = {f"u{n}": UnitSequence(f"u{n}", 1.0, each) for n, each in enumerate(units)}
    speakers = {name: f"s{number % 7}" for number, name in enumerate(sequences)}
    labels = pd.DataFrame({"utterance": [], "start": [], "end": [], "label": []})
    ((_, known),) = measured.known(statistics_of(sequences, labels, speakers=speakers))
    nmi, ami = known.values(np.ones(40, np.int64))
    who = np.repeat([int(speaker[1:]) for speaker in speakers.values()], 2000)
    assert nmi == pytest.approx(of_sklearn.normalized_mutual_info_score(who, np.concatenate(units)), abs=1e-12)
    assert ami == pytest.approx(of_sklearn.adjusted_mutual_info_score(who, np.concatenate(units)), abs=1e-9)
