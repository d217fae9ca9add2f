"""−log p in blocks, with its gradients, against torch's cross-entropy of all logits."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from unitdisc.models.decoders import categorical
from unitdisc.models.decoders.categorical import categorical_nats


def made(rows, groups=3, levels=5, width=4, seed=0):
    torch.manual_seed(seed)
    x = torch.randn(rows, width, requires_grad=True)
    weight = torch.randn(groups * levels, width, requires_grad=True)
    bias = torch.randn(groups * levels, requires_grad=True)
    return (x, weight, bias), torch.randint(levels, (rows, groups))


def plain(x, weight, bias, targets):
    logits = functional.linear(x, weight, bias).view(*targets.shape, -1)
    return functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(1)


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 6), st.integers(1, 200), st.integers(0, 9))
def test_values_and_gradients_do_not_depend_on_the_blocks(rows, groups, levels, block, seed):
    parts, targets = made(rows, groups, levels, seed=seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(categorical, "block", block)
        total, each = categorical_nats(*parts, targets)
        (total / 7).backward()
    found = [part.grad.clone() for part in parts]
    for part in parts:
        part.grad = None
    expected = plain(*parts, targets)
    (expected.sum() / 7).backward()
    torch.testing.assert_close(each, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(total, expected.sum(), rtol=1e-4, atol=1e-5)
    for one, part in zip(found, parts, strict=True):
        torch.testing.assert_close(one, part.grad, rtol=1e-3, atol=1e-5)


def test_extreme_logits_neither_overflow_nor_vanish():
    (x, weight, bias), targets = made(6)
    total, each = categorical_nats(x * 1e4, weight, bias, targets)
    torch.testing.assert_close(each, plain(x * 1e4, weight, bias, targets))
    total.backward()
    assert all(part.grad.isfinite().all() for part in (x, weight, bias))


def test_without_gradients_none_are_computed(monkeypatch):
    monkeypatch.setattr(categorical, "_descend", None)  # would fail
    parts, targets = made(6)
    with torch.no_grad():
        total, each = categorical_nats(*parts, targets)
    torch.testing.assert_close(total, plain(*parts, targets).sum().detach())
    assert not total.requires_grad
    assert not each.requires_grad


def test_under_autocast_products_are_narrow_and_the_rest_is_not():
    parts, targets = made(50, width=16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total, each = categorical_nats(*parts, targets)
    total.backward()
    assert total.dtype == each.dtype == torch.float32
    torch.testing.assert_close(each, plain(*parts, targets), rtol=0.1, atol=0.2)
    assert not each.equal(plain(*parts, targets))
    assert all(part.grad.dtype == torch.float32 for part in parts)
