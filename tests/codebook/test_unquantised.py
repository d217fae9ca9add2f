"""The place of the bottleneck in a network without one: vectors and gradients pass, and nothing is counted."""

import math

import torch

from unitdisc.codebook import UsageHealth
from unitdisc.codebook.unquantised import Unquantised


def test_vectors_and_their_gradient_pass():
    x = torch.randn(2, 5, 3, requires_grad=True)
    for quantise in (True, False):
        out = Unquantised(3)(x, quantise=quantise)
        assert torch.equal(out.codes, x)
        assert out.units.shape == (2, 5, 0)
        assert out.loss.item() == 0
        assert not out.vectors.requires_grad
    (gradient,) = torch.autograd.grad(out.codes.sum() + out.loss, x)
    assert torch.equal(gradient, torch.ones_like(x))


def test_padding_that_is_not_finite_reaches_nothing():
    x, mask = torch.ones(1, 3, 4), torch.tensor([[True, True, False]])
    x[0, 2] = math.nan
    out = Unquantised(4)(x, mask)
    assert out.codes.isfinite().all()
    assert out.input_norm.item() == 2


def test_it_has_nothing_to_learn():
    alone = Unquantised(4)
    assert list(alone.parameters()) == alone.codebook_parameters() == []
    assert alone.state_dict() == {}


def test_its_health_is_the_norm_of_its_vectors():
    health, mask = UsageHealth(0, codebooks=0), torch.tensor([[True, True, False], [True, False, False]])
    for length in (1.0, 4.0):
        health.add(Unquantised(4)(torch.full((2, 3, 4), length), mask), mask)
    found = UsageHealth(0, codebooks=0)
    found.load_state_dict(health.state_dict())
    row = found.record()
    assert (row.units_used, row.dead_codewords, row.collapsed()) == (0, 0, False)
    assert row.input_norm == 5  # of vectors of norm 2 and of norm 8
    assert all(math.isnan(value) for value in (row.perplexity, row.distance, row.codeword_norm))
