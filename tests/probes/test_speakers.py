"""Probes of speakers: on vectors that tell them or do not, and which utterances are trained on and scored."""

import json

import numpy as np
import pytest

from tests import reference
from tests.helpers.runs import frame_labels, probes_of, sentences, shift, write_run
from unitdisc import tables
from unitdisc.probes.speakers import choose
from unitdisc.records import Utterance

letters = "abcd"
quick = {"hidden": 16, "epochs": 6, "batch": 64, "learning_rate": 0.02, "speakers": True}
of_speakers = {f"probe_speaker_{kind}_{stage}" for kind in ("linear", "mlp") for stage in ("features", "codes")} | {
    "probe_speaker_linear_units",
    "probe_speaker_majority",
}


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def spoken(draw, *, speakers=3, utterances=6, share=0.0, **more):
    """Utterances, labels, and features that are the number of the speaker, or with a ``share`` a number at random."""
    rows, labels = sentences(draw, utterances=utterances, speakers=speakers, letters=letters, **more)
    features = {}
    for row in rows:
        own = np.full(round(row.duration / shift), int(row.speaker[1:]))
        other = draw.random(len(own)) < share
        own[other] = draw.integers(speakers, size=other.sum())
        features[row.utterance] = np.eye(5)[own]
    return rows, labels, features


def scored(folder, config):
    return {name: score for name, score in probes_of(folder, config).items() if name.startswith("probe_speaker")}


def test_vectors_that_are_the_speaker_tell_it_and_the_level_is_that_of_the_commonest(tmp_path, draw):
    rows, labels, features = spoken(draw)
    found = scored(tmp_path, write_run(tmp_path, rows, labels, features, np.eye(5), probes=quick))
    assert set(found) == of_speakers
    level = found.pop("probe_speaker_majority")
    assert {(each.value, each.low, each.high) for each in found.values()} == {(1, 1, 1)}
    assert level.n == found["probe_speaker_linear_codes"].n
    frames = {row.utterance: sum(label in letters for label in of) for row, of in
              zip(rows, frame_labels(rows, labels).values(), strict=True)}  # fmt: skip
    total = {who: sum(frames[r.utterance] for r in rows if (r.split, r.speaker) == who) for who in
             {(r.split, r.speaker) for r in rows}}  # fmt: skip
    most = max(("s0", "s1", "s2"), key=lambda who: total["train", who])
    assert level.value == pytest.approx(
        total["test", most] / sum(n for (split, _), n in total.items() if split == "test")
    )


def test_vectors_that_say_nothing_of_the_speaker_are_at_the_level(tmp_path, draw):
    rows, labels, _ = spoken(draw, utterances=9)
    features = {row.utterance: draw.normal(size=(round(row.duration / shift), 5)) for row in rows}
    found = scored(tmp_path, write_run(tmp_path, rows, labels, features, draw.normal(size=(8, 5)), probes=quick))
    for each in found.values():
        assert each.value == pytest.approx(1 / 3, abs=0.08)


def test_probes_of_units_are_right_as_often_as_the_oracles_mapping_to_speakers(tmp_path, draw):
    rows, labels, features = spoken(draw, share=0.6)
    config = write_run(tmp_path, rows, labels, features, np.eye(5), probes=quick)
    found = scored(tmp_path, config)
    pairs = {split: [] for split in ("train", "test")}
    frames = frame_labels(rows, labels)
    for row in rows:
        for vector, label in zip(features[row.utterance], frames[row.utterance], strict=True):
            if label in letters and row.split in pairs:
                pairs[row.split].append((int(vector.argmax()), row.speaker))
    mapping, top = reference.fit_many_to_one(pairs["train"])
    want = sum(mapping.get(unit, top) == who for unit, who in pairs["test"]) / len(pairs["test"])
    assert 1 / 3 < want < 1
    assert found["probe_speaker_linear_units"].value == pytest.approx(want)
    assert found["probe_speaker_linear_units"].n == len(pairs["test"])
    for kind in ("linear", "mlp"):
        assert found[f"probe_speaker_{kind}_codes"].value == pytest.approx(want)


def test_speakers_are_told_on_all_rows_of_a_corpus_without_labels(tmp_path, draw):
    rows, _, features = spoken(draw)
    found = probes_of(tmp_path, write_run(tmp_path, rows, [], features, np.eye(5), probes=quick))
    assert set(found) == of_speakers
    assert found["probe_speaker_mlp_codes"].n == sum(len(features[r.utterance]) for r in rows if r.split == "test")


@pytest.mark.parametrize("asked", [False, True])
def test_they_are_made_only_where_they_are_asked_for_and_change_no_other_probe(tmp_path, draw, asked):
    rows, labels, features = spoken(draw)
    table = tmp_path / "results/toy/kmeans/seed0/probe.scores.tsv"
    probes_of(tmp_path, write_run(tmp_path, rows, labels, features, np.eye(5), probes=quick | {"speakers": False}))
    without = table.read_text()
    config = write_run(tmp_path, rows, labels, features, np.eye(5), probes=quick | {"speakers": asked})
    assert bool(scored(tmp_path, config)) == asked
    assert table.read_text().startswith(without)


def test_one_speaker_is_nothing_to_tell(tmp_path, draw):
    rows, labels, features = spoken(draw, speakers=1)
    assert scored(tmp_path, write_run(tmp_path, rows, labels, features, np.eye(5), probes=quick)) == {}


def test_speakers_of_test_that_are_new_are_replaced_by_held_out_utterances_of_train(tmp_path, draw):
    rows, labels, features = spoken(draw, utterances=30)
    new = [Utterance(r.utterance, r.split, r.speaker if r.split == "train" else f"{r.split}{r.speaker}", r.source,
                     r.duration) for r in rows]  # fmt: skip
    config = write_run(tmp_path, new, labels, features, np.eye(5), probes=quick)
    found = scored(tmp_path, config)
    assert set(found) == of_speakers
    assert found["probe_speaker_linear_units"].value == 1
    known = {r.utterance: len(features[r.utterance]) for r in new if r.split == "train"}
    assert found["probe_speaker_linear_units"].n < sum(sorted(known.values())[-3:])  # of three utterances
    json.loads(config)
    assert tables.read(tmp_path / "results/toy/utterances.tsv", Utterance)["speaker"].nunique() == 9


class Whole:
    """A split, as far as ``choose`` knows it."""


def names(split, speakers):
    return {f"{split}{number}": who for number, who in enumerate(speakers)}


@pytest.mark.parametrize(
    ("train", "dev", "test", "expected"),
    [
        ("stst", "su", "tsu", (4, 1, 2)),  # u is new
        ("stst" * 5, "uu", "st", (18, 2, 2)),  # dev is a tenth of train
        ("stst" * 5, "st", "uv", (18, 2, 2)),  # test is
        ("stst" * 5, "u", "v", (16, 2, 2)),  # both are
        ("stuv" * 5, "", "", (16, 2, 2)),
        ("sssssssst", "", "", None),  # only s has utterances to spare
        ("ssss", "s", "s", None),
        ("stst", "s", "sss", None),  # nothing to tell apart
    ],
)
def test_what_is_trained_on_is_neither_stopped_by_nor_scored(train, dev, test, expected):
    wholes = {split: Whole() for split in ("train", "dev", "test")}
    by_split = {split: names(split, who) for split, who in (("train", train), ("dev", dev), ("test", test))}
    speakers = {name: who for some in by_split.values() for name, who in some.items()}
    seeds = range(30)
    for seed in seeds:
        chosen = choose({s: (wholes[s], list(some)) for s, some in by_split.items()}, speakers, seed)
        if expected is None:
            assert chosen is None
            continue
        parts = (chosen.train[1], chosen.dev[1], chosen.test[1])
        assert tuple(map(len, parts)) == expected
        assert len({name for part in parts for name in part}) == sum(expected)
        known = {speakers[name] for name in parts[0]}
        assert {speakers[name] for part in parts for name in part} <= known
        for whole, part in (chosen.train, chosen.dev, chosen.test):
            assert set(part) <= set(next(by_split[s] for s, each in wholes.items() if each is whole))
