"""Segmentation: exact against the paper's recursion, and what its price does."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from unitdisc.config import BottleneckSettings, KMeansModel, Segmentation, VQModel
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.store import Trained, build
from unitdisc.units.encode import encode
from unitdisc.units.segmentation import distortion, penalty_of, segment, segment_archive

finite = st.floats(-3, 3, width=32)


@st.composite
def problems(draw, longest=9):
    dim = draw(st.integers(1, 3))
    vector = st.lists(finite, min_size=dim, max_size=dim)
    vectors = draw(st.lists(vector, min_size=1, max_size=longest))
    words = draw(st.lists(vector, min_size=1, max_size=4))
    return vectors, words, draw(st.floats(0, 20, width=32))


@given(problems())
@settings(deadline=None, max_examples=60)
def test_no_segmentation_costs_less(problem):
    vectors, words, weight = problem
    units = segment([torch.tensor(vectors)], torch.tensor(words), weight).tolist()
    least = reference.cheapest_segmentation(vectors, words, weight)
    assert reference.segmentation_cost(vectors, words, weight, units) == pytest.approx(least, abs=1e-3)


@given(problems(longest=5))
@settings(deadline=None, max_examples=20)
def test_the_recursion_is_that_of_all_sequences(problem):
    vectors, words, weight = problem
    every = itertools.product(range(len(words)), repeat=len(vectors))
    least = min(reference.segmentation_cost(vectors, words, weight, units) for units in every)
    assert reference.cheapest_segmentation(vectors, words, weight) == pytest.approx(least, abs=1e-6)


def drawn(tokens: int, codewords: int, dim: int = 8, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(tokens, dim, generator=generator), torch.randn(codewords, dim, generator=generator)


def test_without_a_price_every_token_has_its_nearest_codeword():
    vectors, words = drawn(500, 70)
    nearest = torch.cdist(vectors.double(), words.double()).argmin(1)
    assert segment([vectors], words, 0.0).tolist() == nearest.tolist()


def test_a_price_beyond_all_leaves_one_segment_of_the_best_codeword():
    vectors, words = drawn(300, 20)
    best = torch.cdist(vectors.double(), words.double()).square().sum(0).argmin()
    assert set(segment([vectors], words, 1e6).tolist()) == {int(best)}


@pytest.mark.parametrize("edges", [(0,), (1, 2, 250), (100, 100, 299)])
def test_an_utterance_may_come_in_stretches(edges):
    vectors, words = drawn(300, 20)
    parts = torch.tensor_split(vectors, edges)
    np.testing.assert_array_equal(segment(parts, words, 3.0), segment([vectors], words, 3.0))
    assert segment([], words, 3.0).tolist() == []


def test_a_higher_price_never_gives_more_segments():
    vectors, words = drawn(400, 30)
    counts = [len(reference.runs_of(segment([vectors], words, price).tolist())) for price in (0, 1, 2, 4, 8, 16, 32)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[3] > counts[-1]


def test_parts_of_the_distances_are_joined_seamlessly():
    # So many codewords that the distances come 16 tokens at a time; all but ten are far from everything.
    vectors, near = drawn(100, 10, dim=2)
    words = torch.full((140_000, 2), 1e3)
    words[:10] = near
    np.testing.assert_array_equal(segment([vectors], words, 3.0), segment([vectors], near, 3.0))


def test_long_utterances_stay_exact():
    # Costs are kept relative: added up over 200,000 tokens, float32 would no longer see a price of 0.5.
    values = [0, 0, 1, 0, 1, 1, 0] * 30_000
    units = segment([torch.tensor(values).float().unsqueeze(1)], torch.tensor([[0.0], [1.0]]), 0.75)
    cost = float((values != units).sum()) + 0.75 * (1 + float((np.diff(units) != 0).sum()))
    zero, one = 0.75, 0.75  # the least cost of what ends in either codeword
    for value in values:
        zero, one = min(zero, one + 0.75) + value, min(one, zero + 0.75) + 1 - value
    assert cost == min(zero, one)


def test_an_utterance_without_tokens_has_no_units():
    assert segment([torch.zeros(0, 3)], torch.ones(4, 3), 1.0).tolist() == []


def trained(kind: str) -> Trained:
    torch.manual_seed(0)
    if kind == "kmeans":
        chosen = KMeansModel(codewords=6, context=1, stride=2)
    else:
        encoder = ConvolutionalSettings(channels=8, kernels=(4,), strides=(2,), residual_layers=1)
        chosen = VQModel(encoder=encoder, bottleneck=BottleneckSettings(codewords=6, dim=4))
    model = build(chosen, Sizes(32, 1)).eval()
    if kind == "kmeans":
        model.codebook.copy_(torch.randn_like(model.codebook))
    return Trained(model, chosen, HandwritingSettings(), 32, ("a",), None, 0)


def lines(folder: Path) -> archive.Archive:
    generator = np.random.default_rng(0)
    matrices = [(f"u{n}", generator.normal(size=(20 + n, 32)).astype(np.float32)) for n in range(3)]
    archive.write(folder / "train.ark", matrices)
    return archive.Archive(folder / "train.scp")


@pytest.mark.parametrize("kind", ["kmeans", "vq"])
def test_an_archive_is_segmented_at_the_token_rate(kind, tmp_path):
    model, features = trained(kind), lines(tmp_path)
    plain = list(encode(model, features, {}))
    same = list(segment_archive(model, features, {}, penalty=0.0))
    fewer = list(segment_archive(model, features, {}, penalty=1e6))
    for a, b, c in zip(plain, same, fewer, strict=True):
        assert a.units.tolist() == b.units.tolist()
        assert (a.utterance, a.frame_shift, len(a.units)) == (c.utterance, c.frame_shift, len(c.units))
        assert len(set(c.units.tolist())) == 1


def test_the_price_is_relative_to_the_mean_distance(tmp_path):
    model, features = trained("kmeans"), lines(tmp_path)
    words = model.model.codebook
    squares = [torch.cdist(model.model.vectors(torch.tensor(m)), words).square().amin(1) for m in features.values()]
    mean = float(torch.cat(squares).mean())
    assert distortion(model, features, {}) == pytest.approx(mean, rel=1e-4)
    assert penalty_of(Segmentation(weight=1.5), model, features, {}) == pytest.approx(1.5 * mean, rel=1e-4)
    assert penalty_of(Segmentation(weight=1.5, relative=False), model, features, {}) == 1.5


def test_features_of_another_width_are_refused(tmp_path):
    archive.write(tmp_path / "train.ark", [("u", np.zeros((4, 5), dtype=np.float32))])
    with pytest.raises(InputError, match="5 columns where the model expects 32"):
        list(segment_archive(trained("kmeans"), archive.Archive(tmp_path / "train.scp"), {}, penalty=1.0))
