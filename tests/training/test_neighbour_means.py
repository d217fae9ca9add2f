"""Vectors averaged over tokens whose neighbourhoods are alike, of the same speaker and of others."""

import numpy as np
import pytest
import torch

from tests.helpers.training import Loud
from unitdisc.features.activity import fitted
from unitdisc.features.normalise import Normalised
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.models import window_keys, window_pool
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.training import neighbour_means
from unitdisc.training.cluster_targets import TokenVectors, cluster_targets
from unitdisc.training.neighbour_means import NeighbourMeans

frames = TokenVectors(1, lambda matrix: matrix)
pairs = TokenVectors(2, lambda matrix: matrix[::2] + matrix[-1])  # odd lengths too


def corpus(lengths, speakers, *, above=None, width=3, seed=0):
    """Random frames of utterances u0, u1, …; with ``above``, those with a greater first column are active."""
    random = np.random.default_rng(seed)
    matrices = {f"u{n}": random.normal(size=(length, width)).astype("f4") for n, length in enumerate(lengths)}
    speaker = {f"u{n}": name for n, name in enumerate(speakers)}
    loud = None if above is None else Loud(PrecomputedSettings(activity=above))
    return Normalised(matrices, speaker=speaker, extractor=loud)


def windows(vectors, reach):
    """Each vector with its neighbours, whose order does not matter; beyond the edges is zero."""
    padded = np.pad(np.asarray(vectors, dtype=np.float64), ((reach, reach), (0, 0)))
    return np.stack([padded[t : t + 2 * reach + 1].T.ravel() for t in range(len(vectors))])


def slow(train, of, name, *, neighbours, reach):
    """The means of an utterance token by token, from the definition, in the whole space of the windows."""
    centre = np.concatenate([windows(train[u], reach)[train.active(u)] for u in train]).mean(axis=0)
    pool = [
        (train.speaker(u), train[u][t], windows(train[u], reach)[t] - centre)
        for u in train
        for t in np.flatnonzero(fitted(train.active(u)))
    ]
    found = of[name].astype(np.float64)
    for t in np.flatnonzero(of.active(name)):
        query = windows(of[name], reach)[t] - centre
        alike = lambda entry: -(entry[2] @ query) / np.linalg.norm(entry[2])  # noqa: B023, E731
        sides = []
        for same in (True, False):
            side = [entry for entry in pool if (entry[0] == of.speaker(name)) == same]
            if side:
                sides.append(np.mean([vector for _, vector, _ in sorted(side, key=alike)[:neighbours]], axis=0))
        found[t] = np.mean(sides, axis=0)
    return found


def means_of(train, of, name, *, neighbours, reach, space=frames):
    means = NeighbourMeans(space, train, neighbours=neighbours, reach=reach, seed=0)
    vectors = space.vectors(torch.tensor(of[name]))
    return means(of, name, vectors, np.arange(len(vectors))).numpy()


@pytest.mark.parametrize("above", [None, 0.0])
@pytest.mark.parametrize(("neighbours", "reach"), [(1, 0), (3, 1), (8, 2), (200, 1)])
def test_means_are_those_of_the_definition(above, neighbours, reach):
    train = corpus([70, 41, 90, 8], ["a", "b", "a", "c"], above=above)
    dev = corpus([30, 12, 9], ["b", "stranger", "c"], above=above, seed=1)
    for of, name in ((train, "u0"), (train, "u3"), (dev, "u0"), (dev, "u1")):
        found = means_of(train, of, name, neighbours=neighbours, reach=reach)
        np.testing.assert_allclose(found, slow(train, of, name, neighbours=neighbours, reach=reach), atol=2e-5)


@pytest.mark.parametrize(("block", "at_once"), [(8, 7), (16, 1)])
def test_blocks_change_nothing(block, at_once, monkeypatch):
    train = corpus([300, 200, 100], "aba")
    whole = means_of(train, train, "u0", neighbours=5, reach=1)
    for module in (neighbour_means, window_pool):
        monkeypatch.setattr(module, "block", block)
    for module in (neighbour_means, window_keys):
        monkeypatch.setattr(module, "at_once", at_once)
    np.testing.assert_allclose(means_of(train, train, "u0", neighbours=5, reach=1), whole, atol=1e-5)


def test_one_speaker_is_averaged_alone():
    train = corpus([40, 30], "aa")
    found = means_of(train, train, "u1", neighbours=4, reach=1)
    np.testing.assert_allclose(found, slow(train, train, "u1", neighbours=4, reach=1), atol=2e-5)


def test_the_nearest_token_is_the_token_itself():
    train = corpus([40, 30], "aa")
    np.testing.assert_allclose(means_of(train, train, "u0", neighbours=1, reach=2), train["u0"], atol=1e-6)


def test_inactive_tokens_stay_as_they_are():
    train = corpus([60, 50], "ab", above=0.3)
    found, active = means_of(train, train, "u0", neighbours=3, reach=1), train.active("u0")
    np.testing.assert_array_equal(found[~active], train["u0"][~active])
    assert (found[active] != train["u0"][active]).any(axis=1).all()
    silent = corpus([5], "a", above=9.0)
    silent_of = Normalised(dict(silent), speaker={"u0": "a"}, extractor=Loud(PrecomputedSettings(activity=9.0)))
    assert silent_of.active("u0").all()  # a speaker without speech has none but active frames


def test_speakers_are_averaged_away():
    """Where speakers say the same with an offset, means over both sides meet in the middle."""
    random = np.random.default_rng(0)
    said = random.normal(size=(200, 6)).astype("f4") * 4
    matrices = {"u0": said + 0.5, "u1": said - 0.5}
    train = Normalised(matrices, speaker={"u0": "a", "u1": "b"})
    for name in matrices:
        found = means_of(train, train, name, neighbours=1, reach=1)
        np.testing.assert_allclose(found, said, atol=1e-4)


def test_only_so_many_windows_are_kept(monkeypatch):
    monkeypatch.setattr(neighbour_means, "most_windows", 50)
    train = corpus([80, 90], "ab")
    means = NeighbourMeans(frames, train, neighbours=3, reach=1, seed=0)
    assert int((means._pool.keys[:, -1] == 0).sum()) == 50


@pytest.mark.parametrize("space", [frames, pairs])
def test_clusters_are_those_of_the_means(space):
    train, dev = corpus([61, 50], "ab", above=-0.5), corpus([21], "b", above=-0.5, seed=2)
    settings = PredictionSettings(clusters=5, neighbours=4, reach=1)
    labels, held_out = cluster_targets(settings, space, train, dev, seed=1)
    again, _ = cluster_targets(settings, space, train, dev, seed=1)
    assert {name: len(found) for name, found in (labels | held_out).items()} == {"u0": 21, "u1": 50}
    assert all((labels[name] == again[name]).all() for name in labels)
    plain, _ = cluster_targets(PredictionSettings(clusters=5), space, train, dev, seed=1)
    assert any((labels[name] != plain[name]).any() for name in labels)
    means = NeighbourMeans(space, train, neighbours=4, reach=1, seed=1)
    for start in range(space.stride):
        vectors = space.vectors(torch.tensor(train["u1"][start:]))
        found = means(train, "u1", vectors, np.arange(len(vectors)), start)
        assert len(found) == len(labels["u1"][start :: space.stride])
        nearest = {}
        for vector, label in zip(found.tolist(), labels["u1"][start :: space.stride], strict=True):
            assert nearest.setdefault(tuple(vector), label) == label


def test_a_model_of_other_clusters_is_another_task():
    assert not PredictionSettings(neighbours=8).same_task(PredictionSettings())
    assert not PredictionSettings(neighbours=8, reach=3).same_task(PredictionSettings(neighbours=8))
    assert PredictionSettings(neighbours=8).same_task(PredictionSettings(neighbours=8, hide=0))
