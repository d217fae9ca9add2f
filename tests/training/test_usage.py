"""The one row of training.tsv of a model that learns nothing by epochs."""

import numpy as np
import pytest
import torch

from tests.helpers.training import matrices, with_activity
from unitdisc.config import KMeansModel
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.training import usage as module
from unitdisc.training.usage import usage_of


@pytest.fixture
def model():
    model = KMeans(KMeansModel(codewords=6, context=1, stride=2), Sizes(3))
    model.codebook.copy_(torch.randn(6, 9, generator=torch.Generator().manual_seed(0)))
    model.codebook[5] = 100.0  # far from everything
    return model


@pytest.mark.parametrize("rows", [3, 1000])
def test_usage_is_that_of_every_token(model, monkeypatch, rows):
    monkeypatch.setattr(module, "rows", rows)
    frames = matrices([50, 7, 64])
    row = usage_of(model, frames, seed=0)
    counts, distances, norms = dict.fromkeys(range(6), 0), [], []
    for name in frames:
        for vector in model.vectors(torch.tensor(frames[name])):
            each = [float(((vector - word) ** 2).sum()) for word in model.codebook]
            counts[int(np.argmin(each))] += 1
            distances.append(min(each))
            norms.append(float(vector.norm()))
    shares = np.array([count / len(distances) for count in counts.values() if count])
    assert len(distances) == 25 + 4 + 32
    assert (row.epoch, row.step, row.units_used, row.dead_codewords) == (1, 0, len(shares), 6 - len(shares))
    assert row.perplexity == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert row.loss == row.distance == pytest.approx(np.mean(distances), rel=1e-5)
    assert row.task_loss == pytest.approx(np.mean(distances) / 9, rel=1e-5)
    assert row.input_norm == pytest.approx(np.mean(norms), rel=1e-5)


def test_tokens_are_those_that_codebooks_are_fitted_on_and_no_more_than_so_many(model, monkeypatch):
    frames = with_activity(matrices([50, 7, 64]), 1.2)
    whole = usage_of(model, frames, seed=0)
    assert whole.distance != usage_of(model, matrices([50, 7, 64]), seed=0).distance
    monkeypatch.setattr(module, "most_tokens", 5)
    few = usage_of(model, frames, seed=0)
    assert few.units_used <= 5
    assert few == usage_of(model, frames, seed=0)
