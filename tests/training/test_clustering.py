"""Training of k-means: one clustering of the training tokens."""

import pytest
import torch

from tests.helpers.training import matrices, with_activity
from unitdisc.config import KMeansModel
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder
from unitdisc.training.clustering import cluster
from unitdisc.training.token_vectors import sampled_vectors


def test_kmeans_clusters_active_tokens_and_a_tenth_of_the_others(tmp_path):
    settings = KMeansModel(codewords=3, context=1, stride=2)
    frames = with_activity(matrices([50, 7, 64]), 1.2)
    model = cluster(settings, frames, RunFolder(tmp_path), inputs=3, seed=0)
    used = sampled_vectors(model, frames, most=1000, seed=0)
    assert len(used) < 25 + 4 + 32
    nearest = torch.cdist(used, model.codebook).argmin(1)
    for unit, centre in enumerate(model.codebook):
        torch.testing.assert_close(centre, used[nearest == unit].mean(0), rtol=1e-3, atol=1e-3)
    with pytest.raises(InputError, match=f"{len(used)} training tokens cannot be clustered into 40 units"):
        cluster(settings.model_copy(update={"codewords": 40}), frames, RunFolder(tmp_path), inputs=3, seed=0)
