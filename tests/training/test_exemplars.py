"""Exemplars of a trained network, and codewords that are fitted to what they make of train."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.helpers.training import cpu, utterances
from unitdisc.codebook import kmeans
from unitdisc.config import ExemplarsSettings, VQModel
from unitdisc.features.normalise import Normalised
from unitdisc.layout import RunFolder
from unitdisc.models.batch import Sizes
from unitdisc.models.model import Model
from unitdisc.models.objectives.settings import PredictionSettings
from unitdisc.training import loop
from unitdisc.training.cluster_targets import TokenVectors
from unitdisc.training.exemplars import fill
from unitdisc.training.neighbour_means import NeighbourMeans
from unitdisc.training.trainer import Trainer


def settings(*, epochs=3, **exemplars):
    bottleneck = {"codewords": 12, "dim": 4, "reestimation": {"warmup_epochs": 1, "final": True}}
    return VQModel.model_validate(
        {
            "encoder": {"channels": 16, "kernels": [4], "strides": [2], "residual_layers": 1},
            "objective": PredictionSettings(clusters=12, channels=16),
            "bottleneck": bottleneck | {"exemplars": exemplars or None},
            "training": {"epochs": epochs, "chunk": 16, "batch": 8, "learning_rate": 3e-3, "average": 0.9},
        }
    )


def known():
    """The utterances of two speakers."""
    found = utterances()
    speaker = {name: "ab"[index] for name, index in found.speakers.items()}
    return dataclasses.replace(found, matrices=Normalised(dict(found.matrices), speaker=speaker))


def trainer(plan):
    return Trainer(plan, known(), None, inputs=6, labels=0, seed=0, device=cpu)


def test_exemplars_are_means_over_both_speakers():
    torch.manual_seed(0)
    plan = ExemplarsSettings(count=300, nearest=1, neighbours=5, reach=1)
    model, train = Model(settings(**plan.model_dump()), Sizes(6)).eval(), known().matrices
    space = TokenVectors(2, model.vectors)
    means = NeighbourMeans(space, train, neighbours=5, reach=1, seed=3)
    vectors = {name: space.vectors(torch.tensor(train[name])) for name in train}  # before there are exemplars
    fill(model, train, plan, seed=3)
    pool = model.exemplars.pool
    assert int((pool.keys[:, -1] == 0).sum()) == 300
    every = torch.cat([means(train, name, found, np.arange(len(found))) for name, found in vectors.items()])
    apart = torch.cdist(pool.vectors[:300], every, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
    assert float(apart.max()) < 1e-6
    again = Model(settings(**plan.model_dump()), Sizes(6)).eval()
    again.load_state_dict(model.state_dict())
    assert again.exemplars.pool.vectors.equal(pool.vectors)
    with pytest.raises(ValueError, match="takes no exemplars"):
        fill(Model(settings(), Sizes(6)), train, plan, seed=3)


def scatter(vectors, states):
    """The variance within states over that of all vectors."""
    within = sum(
        float((part - part.mean(0)).square().sum())
        for part in map(vectors.__getitem__, states.unique()[:, None] == states)
    )
    return within / float((vectors - vectors.mean(0)).square().sum())


def test_codewords_are_fitted_to_the_means(tmp_path):
    frames = [torch.from_numpy(matrix) for matrix in known().matrices.values()]
    bare = loop.train(trainer(settings()), RunFolder(tmp_path / "bare"), digest="x")
    run = trainer(settings(count=500, nearest=3))
    trained = loop.train(run, RunFolder(tmp_path / "with"), digest="x")
    assert trained.encoder.state_dict().keys() == bare.encoder.state_dict().keys()
    assert all(value.equal(bare.encoder.state_dict()[name]) for name, value in trained.encoder.state_dict().items())
    vectors = torch.cat([trained.vectors(matrix) for matrix in frames])
    distance = float(torch.cdist(vectors, trained.codebook).square().min(1).values.mean())
    assert distance == pytest.approx(kmeans(vectors, 12, seed=0)[2], rel=0.05)
    plain = torch.cat([bare.vectors(matrix) for matrix in frames])
    states = torch.from_numpy(np.concatenate([label[::2] for label in known().labels.values()]))
    assert scatter(vectors, states) < 0.95 * scatter(plain, states)
    assert not len(run.state.model.exemplars.pool.keys)  # the averaged weights are the result, and have them


def test_a_training_that_goes_on_ends_with_the_same_exemplars(tmp_path):
    plan, run = settings(count=400, nearest=2), RunFolder(tmp_path / "run")
    whole = loop.train(trainer(plan), RunFolder(tmp_path / "whole"), digest="x")
    first = trainer(plan)
    for number in (1, 2):
        first.state.rows.append(first.epoch(number))
    run.path.mkdir()
    loop.checkpoint.save(run.resume, "x", first.state.state_dict())
    after = loop.train(trainer(plan), run, digest="x")
    for name, value in whole.state_dict().items():
        assert value.equal(after.state_dict()[name]), name
    again = loop.train(trainer(plan), run, digest="x")  # ended after the last epoch, before its model was written
    for name, value in whole.state_dict().items():
        assert value.equal(again.state_dict()[name]), name
