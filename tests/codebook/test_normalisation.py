"""Batch norm over real frames: by torch's own kernel on gathered rows, or by sums that leave every row in its place."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unitdisc.codebook import MaskedBatchNorm


def gathering(norm, wanted):
    """The same batch norm, which gathers real rows or does not."""
    other = copy.deepcopy(norm)
    if not wanted:
        other._gathers = lambda flat: False
    return other


def norm_of(kind=torch.float64, seed=0, **options):
    norm = MaskedBatchNorm(5, **options).to(kind)
    generator = torch.Generator().manual_seed(seed)
    for parameter in norm.parameters():
        nn.init.uniform_(parameter, -1, 1, generator=generator)
    return norm


def chunks(kind=torch.float64, seed=0, rows=(7, 3, 1, 0)):
    generator = torch.Generator().manual_seed(seed)
    x = 3 + 2 * torch.randn(len(rows), 7, 5, generator=generator, dtype=kind)
    return x, torch.arange(7) < torch.tensor(rows).unsqueeze(1)


def outcome(norm, x, mask, steps=3):
    """Outputs of real frames, gradients and statistics, after some steps."""
    found = []
    for step in range(steps):
        frames = (x + step).requires_grad_()
        out = norm(frames, mask)
        out[mask].mul(torch.arange(5) + 1).square().sum().backward()
        assert out.isfinite().all()
        assert not frames.grad[~mask].any()
        found += [out[mask].detach(), frames.grad]
    return [*found, *(p.grad for p in norm.parameters()), *norm.state_dict().values()]


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.3}, {"affine": False}, {"track_running_stats": False}, {"eps": 0.1}],
    ids=lambda options: "-".join(options) or "plain",
)
@pytest.mark.parametrize("rows", [(7, 3, 1, 0), (7, 7, 7, 7), (2, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)])
def test_gathered_rows_give_what_sums_give(kind, options, rows):
    x, mask = chunks(kind, rows=rows)
    fast, generic = (outcome(gathering(norm_of(kind, **options), wanted), x, mask) for wanted in (True, False))
    tolerance = {"rtol": 1e-9, "atol": 1e-9} if kind == torch.float64 else {"rtol": 2e-4, "atol": 2e-4}
    for one, other in zip(fast, generic, strict=True):
        torch.testing.assert_close(one, other, **tolerance)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.booleans(), min_size=8, max_size=24).filter(lambda mask: sum(mask) > 1), st.integers(0, 99))
def test_gathered_rows_are_batch_norm_of_the_real_frames_alone(mask, seed):
    real = torch.tensor(mask)
    x = 3 * torch.randn(len(mask), 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    ours, theirs = norm_of(seed=seed), nn.BatchNorm1d(5).double()
    theirs.load_state_dict(ours.state_dict())
    mine, its = x.clone().requires_grad_(), x[real].requires_grad_()
    out, expected = ours(mine, real), theirs(its)
    torch.testing.assert_close(out[real], expected, rtol=1e-10, atol=1e-10)
    out[real].square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(mine.grad[real], its.grad, rtol=1e-9, atol=1e-9)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-10, atol=1e-10)
    for name, value in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, value.grad, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("affine", [True, False])
def test_padding_is_scaled_as_the_real_frames_are(affine):
    x, mask = chunks()
    norm = norm_of(affine=affine)
    out = norm(x, mask)
    weight, bias = (norm.weight, norm.bias) if affine else (1, 0)
    expected = (x - x[mask].mean(0)) / (x[mask].var(0, correction=0) + norm.eps).sqrt() * weight + bias
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize(
    ("frames", "weights"),
    [(torch.float64, torch.float32), (torch.float32, torch.float64), (torch.bfloat16, torch.float32)],
)
@pytest.mark.parametrize("padded", [True, False])
def test_frames_and_weights_of_different_types_meet_in_the_wider(frames, weights, padded):
    x, mask = chunks(frames)
    mask = mask if padded else mask | True
    norm = norm_of(weights)
    expected = copy.deepcopy(norm).double()(x.double(), mask)
    out = norm(x, mask)
    assert out.dtype == torch.promote_types(frames, weights)
    torch.testing.assert_close(out[mask].double(), expected[mask], rtol=1e-4, atol=1e-4)


def test_in_narrow_floats_the_sums_are_taken():
    norm = norm_of(torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        x, mask = chunks(torch.bfloat16)
        out = norm(x, mask)
    assert out.dtype == torch.float32
    assert not norm._gathers(torch.zeros(2, 5, dtype=torch.bfloat16))
    assert norm._gathers(torch.zeros(2, 5))
    assert not norm._gathers(torch.zeros(2, 5, device="meta"))


def test_a_graph_that_is_traced_gathers_nothing(monkeypatch):
    """The number of real rows is not known there."""
    norm = norm_of(torch.float32)
    gathered = []
    x, mask = chunks(torch.float32)
    monkeypatch.setattr(MaskedBatchNorm, "_of_real_rows", lambda self, flat, real: gathered.append(1) or flat)
    torch.jit.trace(norm, (x, mask), check_trace=False)
    assert not gathered
    norm(x, mask)
    assert gathered
