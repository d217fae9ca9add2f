"""ABX of a run at every stage, beside the loop oracle and known cases."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tests import reference
from tests.helpers.runs import abx_of, frame_labels, sentences, shift, write_run
from unitdisc.config import Abx, BottleneckSettings, VQModel
from unitdisc.features.archive import Archive, write
from unitdisc.features.speech import SpeechSettings
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.records import Label
from unitdisc.report import summary
from unitdisc.scores.abx.sampling import sample_items
from unitdisc.units.representations import Representations

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


def test_tokens_behind_the_end_of_the_frames_are_left_out(draw):
    utterances, labels = sentences(draw, utterances=2, speakers=2, letters=letters, splits=["test"])
    table = pd.DataFrame(labels)
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    options = {"settings": Abx(), "exclude": ["SIL"], "shortest": shift}
    items = sample_items(table, speaker, ends, **options)
    short = sample_items(table, speaker, {"test00": ends["test00"] / 2, "test01": ends["test01"]}, **options)
    assert len(items) == 2 * 22
    assert short.equals(
        items[(items["utterance"] == "test01") | (items["offset"].astype(float) <= ends["test00"] / 2)].reset_index(
            drop=True
        )
    )
    assert sample_items(table, speaker, {}, **options) is None


def test_stages_of_an_autoencoder_are_those_that_it_encodes_by(tmp_path):
    torch.manual_seed(0)
    settings = VQModel(
        encoder=ConvolutionalSettings(channels=6, kernels=(4,), strides=(2,)),
        bottleneck=BottleneckSettings(codewords=5, dim=4, codebooks=2),
    )
    model = store.build(settings, Sizes(3, 2)).eval()
    frames = torch.randn(9, 3)
    found = model.stages(frames)
    assert tuple(found) == model.stage_names == ("features", "encoder", "codes")
    assert [tuple(vectors.shape) for vectors in found.values()] == [(9, 3), (5, 6), (5, 4)]
    units = model.encode(frames)  # the choice of the second codebook counts in fives
    assert torch.equal(found["codes"], model.bottleneck.quantizer.decode(torch.stack([units % 5, units // 5], dim=-1)))
    assert torch.equal(found["codes"], model.codebook[units])
    write(tmp_path / "test.ark", [("u", frames.numpy())])
    trained = store.Trained(model, settings, SpeechSettings(normalise="none"), 3, ("s",), None, 0)
    split = Representations(trained, Archive(tmp_path / "test.scp"), {"u": "s"})
    assert [split.frame_shift(stage) for stage in split.stages] == [0.01, 0.02, 0.02]
    assert [split.rows("u", stage) for stage in split.stages] == [9, 5, 5]
    assert np.array_equal(split.stage("codes")["u"], found["codes"].numpy())


def test_the_stages_stand_side_by_side():
    rows = [("c", "vq", seed, split, name, value + seed / 10) for seed in (0, 1) for split, name, value in [
        ("test", "abx_features_across", 0.1), ("test", "abx_codes_across", 0.2), ("test", "abx_units_identical_across", 0.3),
        ("test", "nmi", 0.5), ("dev", "abx_features_across", 0.9), ("test", "probe_linear_codes", 0.6)]]  # fmt: skip
    scores = pd.DataFrame(rows, columns=["corpus", "model", "seed", "split", "metric", "value"])
    assert [line.split() for line in summary.stages(scores, "test").split("\n")] == [
        ["corpus", "model", "measure", "features", "encoder", "codes", "units", "collapsed", "units"],
        ["c", "vq", "ABX", "error", "across", "speakers", "0.150", "0.250", "0.350"],
        ["c", "vq", "linear", "probe", "0.650"],
    ]
    assert summary.stages(scores[scores["metric"] == "nmi"], "test") == ""
