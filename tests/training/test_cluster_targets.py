"""The clusters that masked prediction learns: one for the token that would start at each frame."""

import numpy as np
import pytest
import torch

from tests.helpers.training import matrices, model, with_activity
from unitdisc.codebook import kmeans
from unitdisc.errors import InputError
from unitdisc.features.activity import fitted, of_tokens
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.dilated import DilatedSettings
from unitdisc.models.model import Model
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.training.cluster_targets import cluster_targets, of_features, of_layer


def teacher(stride=2):
    torch.manual_seed(0)
    encoder = DilatedSettings(channels=8, kernel=stride, stride=stride, dilations=(1, 2))
    found = Model(model().model_copy(update={"encoder": encoder}), Sizes(3))
    return found.eval()


def stacked(frames, start, stride, context):
    """The mean of a token's frames, each stacked with its neighbours, cut out one by one.

    The frames before the first token of its kind are not seen, as if the utterance began there.
    """
    first, last = start % stride, len(frames) - 1
    rows = [
        np.stack([frames[min(max(t + k, first), last)] for k in range(-context, context + 1)], axis=1).ravel()
        for t in range(start, min(start + stride, len(frames)))
    ]
    return np.mean(rows, axis=0)


@pytest.mark.parametrize(("context", "stride"), [(0, 1), (1, 2), (2, 3), (1, 4)])
@pytest.mark.parametrize("count", [1, 2, 11])
def test_a_frame_has_the_vector_of_the_token_that_starts_there(context, stride, count):
    frames = matrices([count])["u0"]
    space = of_features(context, stride, 3)
    found = space.at_every_frame(torch.tensor(frames))
    expected = [stacked(frames, start, stride, context) for start in range(count)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert found[::stride].equal(space.vectors(torch.tensor(frames)))


@pytest.mark.parametrize("layer", [None, 0, 1, 2])
@pytest.mark.parametrize("frames", [1, 2, 7, 8])
def test_a_layer_of_the_teacher_at_every_frame(layer, frames):
    known = teacher()
    matrix = torch.tensor(matrices([frames])["u0"])
    found = of_layer(known, layer).at_every_frame(matrix)
    for start in range(frames):
        # The token is one of those that start every stride from the first frame of its kind.
        part = matrix[start % 2 :]
        with torch.no_grad():
            if layer is None:
                vectors = known.vectors(part)
            else:
                vectors = known.encoder.layers(part[None], torch.ones(1, len(part), dtype=torch.bool))[0][layer][0]
        torch.testing.assert_close(found[start], vectors[start // 2])
    assert not found.requires_grad


def plan(**options):
    return PredictionSettings(**({"clusters": 4, "context": 1} | options))


@pytest.mark.parametrize("which", ["features", "teacher", "layer"])
def test_the_label_of_a_frame_is_the_nearest_cluster_of_its_token(which):
    train, dev = matrices([20, 13, 9]), matrices([8])
    settings, stride = plan(), 2
    spaces = {
        "features": lambda: of_features(settings.context, stride, 3),
        "teacher": lambda: of_layer(teacher(), None),
        "layer": lambda: of_layer(teacher(), 1),
    }
    space = spaces[which]()
    labels, held_out = cluster_targets(settings, space, train, dev, seed=3)
    vectors = torch.cat([space.vectors(torch.tensor(train[name])) for name in train])
    centres = kmeans(vectors, 4, seed=3, iterations=20)[0].double()
    assert labels.keys() == train.keys()
    assert held_out.keys() == dev.keys()
    for found, of in ((labels, train), (held_out, dev)):
        for name, clusters in found.items():
            assert clusters.dtype == np.int32
            assert len(clusters) == len(of[name])
            for start, cluster in enumerate(clusters):
                token = space.of(torch.tensor(of[name])[start % stride :])[start // stride].double()
                distances = (centres - token).square().sum(1)
                assert distances[cluster] <= distances.min() + 1e-5
    assert len({*np.concatenate(list(labels.values()))}) == 4
    again, _ = cluster_targets(settings, space, train, None, seed=3)
    assert all((again[name] == labels[name]).all() for name in labels)


def test_without_dev_there_are_no_clusters_of_it():
    assert cluster_targets(plan(), of_features(1, 2, 3), matrices([20]), None, seed=0)[1] is None


def test_clusters_are_those_of_active_tokens_and_a_tenth_of_the_others():
    raw = matrices([40, 31])
    train = with_activity(raw, 0.8)
    space = of_features(0, 2, 3)
    labels, _ = cluster_targets(plan(context=0), space, train, None, seed=0)
    parts = []
    for matrix in raw.values():
        usable = fitted(of_tokens(matrix[:, 0] > 0.8, 2))
        assert 0 < usable.sum() < len(usable)
        parts.append(space.vectors(torch.tensor(matrix))[torch.tensor(usable)])
    centres = kmeans(torch.cat(parts), 4, seed=0, iterations=20)[0]
    for name, matrix in raw.items():
        expected = torch.cdist(space.at_every_frame(torch.tensor(matrix)), centres).argmin(1)
        assert labels[name].tolist() == expected.tolist()  # of all frames, active or not


def test_too_few_tokens_are_told():
    with pytest.raises(InputError, match="7 training tokens cannot be clustered into 8 clusters"):
        cluster_targets(plan(clusters=8), of_features(1, 2, 3), matrices([6, 7]), None, seed=0)


def test_a_layer_that_the_teacher_has_not_is_told():
    with pytest.raises(InputError, match=r"the teacher has 3 layers, from 0, and objective\.layer is 3"):
        cluster_targets(plan(), of_layer(teacher(), 3), matrices([20]), None, seed=0)
    single = Model(model(), Sizes(3)).eval()  # an encoder that has not said what its layers are
    with pytest.raises(InputError, match=r"the teacher has 1 layers, from 0, and objective\.layer is 1"):
        cluster_targets(plan(), of_layer(single, 1), matrices([20]), None, seed=0)
    frames = torch.tensor(matrices([9])["u0"])
    with torch.no_grad():
        expected = single.encoder(frames[None], torch.ones(1, 9, dtype=torch.bool))[0][0]
    torch.testing.assert_close(of_layer(single, 0).vectors(frames), expected)
