"""ABX of a run at every stage, beside the loop oracle and known cases."""

import json

import numpy as np
import pytest

from tests import reference
from tests.helpers.runs import abx_of, frame_labels, sentences, shift, write_run
from unitdisc.records import Label

letters = "abcd"
names = ("features", "codes", "units_identical", "units_levenshtein")
everything = {f"abx_{name}_{speaker}" for name in names for speaker in ("within", "across")}
codebook = np.eye(5)  # a, b, c, d, SIL
whole = {"max_size_group": None, "max_x_across": None, "max_speakers": None}


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def vectors(utterances, labels, rows):
    """Features that have the row of their label."""
    return {
        n: [rows[[*letters, "SIL", "X"].index(f)] for f in found]
        for n, found in frame_labels(utterances, labels).items()
    }


def noise(draw, utterances, columns=5):
    return {row.utterance: draw.normal(size=(round(row.duration / shift), columns)) for row in utterances}


def test_labels_that_are_their_vectors_are_told_apart_at_every_stage(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=letters)
    config = write_run(tmp_path, utterances, labels, vectors(utterances, labels, codebook), codebook)
    scores = abx_of(tmp_path, config)
    assert set(scores) == everything
    for score in scores.values():
        assert (score.value, score.low, score.high) == (0, 0, 0)
        assert score.n >= len(letters) * (len(letters) - 1) * 2


def test_noise_is_at_chance(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=8, speakers=2, letters=letters, labels=40)
    config = write_run(tmp_path, utterances, labels, noise(draw, utterances), draw.normal(size=(8, 5)), abx=whole)
    for score in abx_of(tmp_path, config).values():
        assert score.value == pytest.approx(0.5, abs=0.06)
        assert score.low <= score.value <= score.high


def test_agrees_with_the_loops_on_tokens_between_two_others(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=[*letters, "SIL", "X"], labels=16)
    features = noise(draw, utterances)
    config = write_run(tmp_path, utterances, labels, features, draw.normal(size=(6, 5)), abx=whole)
    found = abx_of(tmp_path, config)
    speaker = {row.utterance: row.speaker for row in utterances}
    tokens = []
    for before, label, after in zip(labels, labels[1:], labels[2:], strict=False):
        of_one = before.utterance == label.utterance == after.utterance and label.utterance.startswith("test")
        if of_one and not {before.label, label.label, after.label} & {"SIL", "X"}:
            frames = reference.frames_between(str(label.start), str(label.end), "0.01")
            rows = [features[label.utterance][i].astype(np.float32).tolist() for i in frames]
            tokens.append((rows, label.label, (before.label, after.label), speaker[label.utterance]))
    for where in ("within", "across"):
        error, cells = reference.abx_error(tokens, "angular", where, "any")
        score = found[f"abx_features_{where}"]
        assert (score.value, score.n) == (pytest.approx(error, abs=1e-9), cells)


def test_what_the_codebook_merges_is_lost_behind_it_alone(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=letters)
    features = vectors(utterances, labels, codebook)
    merged = np.vstack([codebook[0] + codebook[1], codebook[2:]])  # a and b have one codeword
    scores = abx_of(tmp_path, write_run(tmp_path, utterances, labels, features, merged))
    for where in ("within", "across"):
        assert scores[f"abx_features_{where}"].value == 0
        for name in names[1:]:  # of twelve ordered pairs two tie
            assert scores[f"abx_{name}_{where}"].value == pytest.approx(2 * 0.5 / 12)


def test_all_stages_are_scored_on_the_same_tokens(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=4, speakers=2, letters=letters, lengths=(1, 6))
    features = vectors(utterances, labels, codebook)
    scores = abx_of(tmp_path, write_run(tmp_path, utterances, labels, features, codebook, stride=3))
    for where in ("within", "across"):
        assert len({scores[f"abx_{name}_{where}"].n for name in names}) == 1


def test_one_speaker_has_no_across_and_no_labels_no_score(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=3, speakers=1, letters=letters)
    features = vectors(utterances, labels, codebook)
    scores = abx_of(tmp_path, write_run(tmp_path, utterances, labels, features, codebook))
    assert set(scores) == {name for name in everything if name.endswith("within")}
    assert abx_of(tmp_path, write_run(tmp_path, utterances, [], features, codebook)) == {}
    silent = [Label(label.utterance, label.start, label.end, "SIL") for label in labels]
    assert abx_of(tmp_path, write_run(tmp_path, utterances, silent, features, codebook)) == {}


@pytest.mark.slow
def test_the_draw_is_set_by_its_seed_and_bounds_the_cells(tmp_path, draw):
    utterances, labels = sentences(draw, utterances=12, speakers=6, letters=letters)
    config = write_run(tmp_path, utterances, labels, noise(draw, utterances), draw.normal(size=(8, 5)))

    def scores(**abx):
        changed = json.loads(config)
        changed["scoring"]["abx"] = abx
        return abx_of(tmp_path, json.dumps(changed))["abx_features_across"]

    few = {"max_size_group": 2, "max_x_across": 2}
    assert scores(**few) == scores(**few)
    assert scores(**few).value != scores(**few, seed=1).value
    assert scores(**few).n < scores(**whole).n
    assert scores(**whole | {"max_speakers": 3}).n == 3 * 2 * 12  # speakers of a and b, of x, ordered pairs of letters
