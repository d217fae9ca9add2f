"""Classifiers of speakers and labels: what they learn from, what they hear, and what they cannot."""

import numpy as np
import pytest

from unitdisc import tables
from unitdisc.config import Fidelity, Probes
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.normalise import Normalised
from unitdisc.formats.label_index import LabelIndex
from unitdisc.probes.hearers import Ear, heard, label_hearer, speaker_hearer
from unitdisc.records import Label

extractor = Handwriting(HandwritingSettings(straighten=False))
quick = Probes(hidden=16, epochs=8, batch=64, learning_rate=0.02)


def utterances(draw, *, speakers=("a", "b"), count=6, frames=40, tone=0.0, shape=0.0):
    """Frames whose mean tells the speaker by ``tone``, and whose first two columns agree or not by ``shape``."""
    features, of = {}, {}
    for number in range(count * len(speakers)):
        who = number % len(speakers)
        rows = draw.normal(0.5, 0.1, (frames, 4))
        rows[:, 1] = (1 - shape) * rows[:, 1] + shape * (rows[:, 0] if who else 1 - rows[:, 0])
        name = f"u{number:02}"
        features[name], of[name] = (rows + tone * who).astype(np.float32), speakers[who]
    return features, of


def learnt(features, of, frames=10_000):
    return heard(features, Normalised(features, speaker=of), of, Fidelity(frames=frames), 0)


def share_right(hearer, features, of):
    return np.mean([hearer.speaker(rows, np.ones(len(rows), bool)) == of[name] for name, rows in features.items()])


def test_what_is_held_out_is_not_learnt_from():
    features, of = utterances(np.random.default_rng(0), count=10)
    train = learnt(features, of)
    assert len(train.held) == 2
    assert {of[name] for name in train.held} == {"a", "b"}
    assert sorted([*train.learnt, *train.held]) == sorted(features)
    few = learnt(features, of, frames=81)
    assert [of[name] for name in few.learnt].count("a") in (1, 2)
    assert len(few.learnt) == 3
    np.testing.assert_allclose(train.mean, np.concatenate([features[n] for n in train.learnt]).mean(0), rtol=1e-5)


@pytest.mark.parametrize(("tone", "shape", "whole", "levelled"), [(0.2, 0, 1, None), (0, 0.9, 1, 1)])
def test_a_voice_is_told_by_its_tone_only_where_the_whole_is_heard(tone, shape, whole, levelled):
    draw = np.random.default_rng(0)
    train = learnt(*(given := utterances(draw, tone=tone, shape=shape)))
    features, of = utterances(draw, tone=tone, shape=shape)
    shares = [
        share_right(speaker_hearer(train, Ear(hearing, extractor), given[1], quick, 0), features, of)
        for hearing in ("whole", "levelled")
    ]
    assert shares[0] == whole
    assert shares[1] == levelled if levelled else shares[1] < 0.9


def test_levelled_another_mean_and_deviation_is_not_heard():
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    active = np.arange(50) % 3 > 0
    ear = Ear("levelled", extractor)
    other = rows * np.float32([0.1, 2, 3, 0.5]) + np.float32([5, -3, 0, 1])
    np.testing.assert_allclose(ear(rows, active), ear(other, active), atol=1e-4)
    assert ear(rows, active).shape == (active.sum(), 4)
    assert ear(rows, np.zeros(50, bool)).shape == (0, 4)
    np.testing.assert_allclose(Ear("whole", extractor)(rows, active), np.clip(rows[active], 0, 1))


def test_the_share_of_a_speaker_in_train_does_not_count():
    draw = np.random.default_rng(0)
    features, of = utterances(draw, tone=0.06, count=8, frames=200)
    seldom = [name for name in features if of[name] == "b"][2:]
    some = {name: rows for name, rows in features.items() if name not in seldom}
    hearer = speaker_hearer(learnt(some, of), Ear("whole", extractor), of, quick, 0)
    assert hearer.log_share.exp().numpy() == pytest.approx([7 / 9, 2 / 9], abs=0.1)
    assert share_right(hearer, *utterances(draw, tone=0.06)) == 1


@pytest.mark.parametrize(("speakers", "count"), [(("a",), 6), (tuple("abcdef"), 1)])
def test_one_speaker_or_one_utterance_of_each_tells_nothing(speakers, count):
    features, of = utterances(np.random.default_rng(0), speakers=speakers, count=count)
    assert speaker_hearer(learnt(features, of), Ear("whole", extractor), of, quick, 0) is None


def table(folder, rows):
    tables.write(folder / "labels.tsv", rows, Label)
    return LabelIndex(folder / "labels.tsv")


def test_labels_are_heard_frame_by_frame(tmp_path):
    draw = np.random.default_rng(0)
    true = {f"u{n}": draw.integers(2, size=30) for n in range(6)}
    features = {name: np.eye(4, dtype=np.float32)[codes] for name, codes in true.items()}
    rows = [Label(name, i, i + 1, "ab"[code]) for name, codes in true.items() for i, code in enumerate(codes) if i < 29]
    hearer = label_hearer(learnt(features, dict.fromkeys(features, "s")), table(tmp_path, rows), 1.0, quick, 0)
    targets = hearer.targets({"u0": 30})["u0"]
    assert targets.tolist() == [*true["u0"][:29], -1]
    assert hearer.right(features["u0"], targets) == (29, 29)
    assert hearer.right(features["u0"][::-1].copy(), targets)[0] < 29


def test_without_labels_on_train_there_is_no_classifier_of_them(tmp_path):
    features, of = utterances(np.random.default_rng(0))
    for labels in (LabelIndex(None), table(tmp_path, [Label("x", 0.0, 1.0, "a")])):
        assert label_hearer(learnt(features, of), labels, 1.0, quick, 0) is None
