"""The training tokens that k-means clusters."""

import torch

from tests.helpers.training import matrices
from unitdisc.config import KMeansModel
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.training.clustering import sampled_vectors


def test_kmeans_draws_no_more_tokens_than_it_may():
    frames = matrices([5, 9, 4])
    model = KMeans(KMeansModel(codewords=2, context=1, stride=2), Sizes(3))
    whole = sampled_vectors(model, frames, most=100, seed=0)
    assert torch.equal(whole, torch.cat([model.vectors(torch.tensor(frames[name])) for name in frames]))
    some = sampled_vectors(model, frames, most=6, seed=0)
    places = [int((whole == row).all(dim=1).nonzero()) for row in some]
    assert len(set(places)) == 6
    assert places == sorted(places)
