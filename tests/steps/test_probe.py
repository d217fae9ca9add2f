"""Probes of a run on representations whose accuracy is known."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tests.helpers.runs import frame_labels, probes_of, sentences, shift, write_run
from unitdisc import tables
from unitdisc.records import Label
from unitdisc.scores.discovery.score import score

letters = "abcd"
codebook = np.eye(5)
stages = ("features", "codes")
everything = {f"probe_{kind}_{stage}" for kind in ("linear", "mlp") for stage in stages} | {"probe_linear_units"}
quick = {"hidden": 16, "epochs": 6, "batch": 64, "learning_rate": 0.02}


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def vectors(utterances, labels):
    places = [*letters, "SIL", "X"]
    rows = np.vstack([codebook, np.ones(5)])
    return {n: rows[[places.index(f) for f in found]] for n, found in frame_labels(utterances, labels).items()}


def test_labels_that_are_their_vectors_are_all_found(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=letters)
    features = vectors(utterances, labels)
    scores = probes_of(tmp_path, write_run(tmp_path, utterances, labels, features, codebook, probes=quick))
    assert set(scores) == everything
    for found in scores.values():
        assert (found.value, found.low, found.high) == (1, 1, 1)


def test_noise_is_at_chance(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=10, speakers=2, letters=letters, labels=60)
    features = {row.utterance: draw.normal(size=(round(row.duration / shift), 5)) for row in utterances}
    scores = probes_of(
        tmp_path, write_run(tmp_path, utterances, labels, features, draw.normal(size=(8, 5)), probes=quick)
    )
    for found in scores.values():
        assert found.value == pytest.approx(1 / len(letters), abs=0.06)
        assert found.low < found.value < found.high


def test_left_out_labels_are_left_out(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=[*letters, "SIL", "X"])
    for stride in (1, 3):
        config = write_run(
            tmp_path, utterances, labels, vectors(utterances, labels), codebook, stride=stride, probes=quick
        )
        scores = probes_of(tmp_path, config)
        counts = {"features": 0, "codes": 0}
        for name, found in frame_labels(utterances, labels).items():
            if name.startswith("test"):
                counts["features"] += sum(label in letters for label in found)
                middles = [min((i + 0.5) * stride, len(found)) for i in range(-(-len(found) // stride))]
                counts["codes"] += sum(middle < len(found) and found[int(middle)] in letters for middle in middles)
        for name, found in scores.items():
            assert found.n == counts["codes" if name.endswith("units") else name.rsplit("_", 1)[1]]


def test_on_codes_a_probe_can_do_no_better_than_the_best_mapping(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=6, speakers=2, letters=letters, labels=60)
    features = vectors(utterances, labels)
    for rows in features.values():  # every fifth frame has the vector of another label
        wrong = draw.random(len(rows)) < 0.2
        rows[wrong] = codebook[draw.integers(5, size=wrong.sum())]
    config = write_run(tmp_path, utterances, labels, features, codebook, probes=quick)
    scores = probes_of(tmp_path, config)
    run = tmp_path / "results/toy/kmeans/seed0"
    table = tables.read(tmp_path / "results/toy/labels.tsv", Label)
    units = {split: tables.read_units(run / f"{split}.units.tsv") for split in ("train", "test")}
    of = {split: table[table["utterance"].str.startswith(split)] for split in units}
    best = score(units["test"], of["test"], exclude=["SIL"], mapping=(units["train"], of["train"]), bootstrap=0)
    expected = next(s for s in best if s.metric == "many_to_one_heldout")
    for kind in ("linear", "mlp"):
        found = scores[f"probe_{kind}_codes"]
        assert (found.value, found.n) == (pytest.approx(expected.value), expected.n)


def test_the_same_seed_gives_the_same_bytes(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=letters)
    features = {row.utterance: draw.normal(size=(round(row.duration / shift), 5)) for row in utterances}
    config = write_run(tmp_path, utterances, labels, features, draw.normal(size=(8, 5)), probes=quick | {"frames": 150})
    table = tmp_path / "results/toy/kmeans/seed0/probe.scores.tsv"
    probes_of(tmp_path, config)
    first = table.read_bytes()
    torch.rand(3)  # the state of the global generator does not matter
    probes_of(tmp_path, config)
    assert table.read_bytes() == first


def test_without_dev_a_part_of_train_takes_its_place(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=6, speakers=2, letters=letters)
    features = vectors(utterances, labels)
    some = [label for label in labels if not label.utterance.startswith("dev")]
    config = write_run(tmp_path, utterances, some, features, codebook, probes=quick)
    without = json.loads(config)
    without["corpora"]["toy"]["splits"] = {"train": "train", "test": "test"}
    for text in (config, json.dumps(without)):
        assert {found.value for found in probes_of(tmp_path, text).values()} == {1}


@pytest.mark.parametrize("missing", ["train", "test", "all but SIL", "all"])
def test_without_labels_there_are_no_scores(tmp_path, draw, missing):
    utterances, labels = sentences(draw, utterances=2, speakers=2, letters=letters)
    frame = pd.DataFrame(labels)
    kept = {
        "train": ~frame["utterance"].str.startswith("train"),
        "test": ~frame["utterance"].str.startswith("test"),
        "all but SIL": frame["label"] == "SIL",
        "all": frame["label"] == "",
    }[missing]
    some = [label for label, keep in zip(labels, kept, strict=True) if keep]
    config = write_run(tmp_path, utterances, some, vectors(utterances, labels), codebook, probes=quick)
    assert probes_of(tmp_path, config) == {}
