"""Bits per dimension, under the uniform prior and under the shares of the units on train."""

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import reference
from unitdisc import metrics
from unitdisc.errors import InputError
from unitdisc.records import Likelihood, UnitSequence
from unitdisc.scores.bits import choices, frequencies, length, score_bits, uniform

plain, coded = (metric.name for metric in metrics.likelihood)


@st.composite
def written(draw):
    """Utterances of tokens (T, G) with likelihoods, tokens of train, and the number of codewords."""
    codewords, codebooks = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    token = st.tuples(*[st.integers(0, codewords - 1)] * codebooks)
    utterance = st.tuples(st.floats(0, 1e4), st.integers(1, 500), st.lists(token, max_size=6))
    return draw(st.lists(utterance, min_size=1, max_size=5)), draw(st.lists(token, max_size=9)), codewords, codebooks


def matrix(tokens, codebooks):
    return np.array(tokens, dtype=np.int64).reshape(-1, codebooks)


@given(written())
def test_they_are_those_of_the_loop(given):
    utterances, of_train, codewords, codebooks = given
    counts = Counter((codebook, word) for token in of_train for codebook, word in enumerate(token))
    shares = frequencies([UnitSequence("u", 1.0, matrix(of_train, codebooks))], codewords, codebooks)
    found = score_bits(
        (Likelihood(f"u{n}", nats, values, matrix(tokens, codebooks))
         for n, (nats, values, tokens) in enumerate(utterances)),
        {plain: uniform(codewords, codebooks), coded: shares}, bootstrap=0, seed=0,
    )  # fmt: skip
    priors = (
        lambda codebook, word: 1 / codewords,
        lambda codebook, word: (counts[codebook, word] + 0.5) / (len(of_train) + codewords / 2),
    )
    assert [score.metric for score in found] == [plain, coded]
    for score, prior in zip(found, priors, strict=True):
        assert score.value == pytest.approx(reference.bits_per_dimension(utterances, prior), rel=1e-9, abs=1e-12)
        assert score.n == sum(values for _, values, _ in utterances)


@given(written())
def test_product_units_cost_what_their_choices_cost(given):
    _, tokens, codewords, codebooks = given
    both = matrix(tokens, codebooks)
    product = (both * codewords ** np.arange(codebooks)).sum(axis=1)
    assert (choices(product, codewords, codebooks) == both).all()
    shares = frequencies([UnitSequence("u", 1.0, product)], codewords, codebooks)
    assert (shares == frequencies([UnitSequence("u", 1.0, both)], codewords, codebooks)).all()
    assert shares.sum(axis=1) == pytest.approx(1)
    assert length(product, shares) == length(both, shares)


def test_a_unit_that_train_lacks_costs_little_and_not_infinitely_much():
    shares = frequencies([UnitSequence("u", 1.0, np.zeros(99, dtype=np.int64))], 2, 1)
    assert length(np.array([1]), shares) == pytest.approx(log(200))


def test_a_known_distribution_has_exactly_its_bits():
    """Values of four levels, all as likely, and eight codewords: two bits a value, and three for every ten of them."""
    utterances = [Likelihood(f"u{n}", 40 * log(4), 40, np.arange(4)) for n in range(5)]
    (found,) = score_bits(utterances, {plain: uniform(8, 1)}, bootstrap=50, seed=0)
    assert found.value == pytest.approx(2.3, rel=1e-12)
    assert (found.low, found.high) == pytest.approx((2.3, 2.3))


def test_intervals_resample_utterances():
    draw = np.random.default_rng(0)
    utterances = [Likelihood(f"u{n}", float(draw.uniform(50, 90)), 40, np.zeros(4, dtype=int)) for n in range(40)]
    (found,) = score_bits(utterances, {plain: uniform(8, 1)}, bootstrap=400, seed=0)
    spread = np.std([each.nats for each in utterances]) / 40 / log(2) / np.sqrt(40)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.2)
    assert found.low < found.value < found.high


def test_without_utterances_there_are_no_scores():
    assert score_bits([], {plain: uniform(8, 1)}, bootstrap=5, seed=0) == []


@pytest.mark.parametrize(("units", "codebooks"), [([3], 1), ([9], 2), ([[0, 3]], 2)])
def test_a_unit_that_the_model_does_not_have_is_told(units, codebooks):
    with pytest.raises(InputError, match=r"unit \d of 'u' is not one of the model's"):
        frequencies([UnitSequence("u", 1.0, np.array(units))], 3, codebooks)
