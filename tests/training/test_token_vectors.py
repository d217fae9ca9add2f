"""The vectors of training tokens that are clustered: sampled, and mostly of active tokens."""

import numpy as np
import torch

from tests.helpers.training import matrices, with_activity
from unitdisc.config import KMeansModel
from unitdisc.features.activity import fitted, of_tokens
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.training.token_vectors import sampled_vectors


def test_no_more_tokens_are_drawn_than_there_may_be():
    frames = matrices([5, 9, 4])
    model = KMeans(KMeansModel(codewords=2, context=1, stride=2), Sizes(3))
    whole = sampled_vectors(model, frames, most=100, seed=0)
    assert torch.equal(whole, torch.cat([model.vectors(torch.tensor(frames[name])) for name in frames]))
    some = sampled_vectors(model, frames, most=6, seed=0)
    places = [int((whole == row).all(dim=1).nonzero()) for row in some]
    assert len(set(places)) == 6
    assert places == sorted(places)


def test_active_tokens_are_drawn_and_a_tenth_of_the_others():
    raw = matrices([50, 7, 64])
    frames = with_activity(raw, 1.2)
    model = KMeans(KMeansModel(codewords=3, context=1, stride=2), Sizes(3))
    expected, active = [], 0
    for matrix in raw.values():
        tokens = of_tokens(matrix[:, 0] > 1.2, 2)
        vectors = model.vectors(torch.tensor(matrix))
        passed = 0
        for vector, is_active in zip(vectors, tokens.tolist(), strict=True):
            passed += not is_active
            if is_active or passed % 10 == 5:
                expected.append(vector)
        active += tokens.sum()
    whole = sampled_vectors(model, frames, most=1000, seed=0)
    assert whole.equal(torch.stack(expected))
    assert active < len(whole) < sum(-(-len(matrix) // 2) for matrix in raw.values())
    some = sampled_vectors(model, frames, most=10, seed=0)
    places = [int((whole == row).all(dim=1).nonzero()) for row in some]
    assert len(set(places)) == 10
    assert places == sorted(places)


def test_tokens_that_are_used_lie_within_their_utterance():
    """Where an utterance has no active frame and few others, none of its tokens may be used."""
    frames = with_activity(matrices([3, 40, 2]), 1.5)
    model = KMeans(KMeansModel(codewords=2), Sizes(3))
    usable = [fitted(frames.active(name)) for name in frames]
    assert [mask.any() for mask in usable] == [False, True, False]
    expected = np.concatenate([frames[name][mask] for name, mask in zip(frames, usable, strict=True)])
    np.testing.assert_array_equal(sampled_vectors(model, frames, most=100, seed=0), expected)
