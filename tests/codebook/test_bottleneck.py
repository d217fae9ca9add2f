import ast
import copy
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import unitdisc.codebook
from unitdisc.codebook import Bottleneck, MaskedBatchNorm, Reservoir, VectorQuantizer


def padded(seed=0, frames=40, dim=6):
    generator = torch.Generator().manual_seed(seed)
    x = 3 + 2 * torch.randn(4, frames, dim, generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, frames + 1, (4, 1), generator=generator)
    return x, torch.arange(frames) < lengths


@pytest.mark.parametrize("momentum", [0.1, None])
def test_masked_batch_norm_is_batch_norm_of_the_real_frames(momentum):
    ours, theirs = (kind(6, momentum=momentum).double() for kind in (MaskedBatchNorm, nn.BatchNorm1d))
    for norm in (ours, theirs):
        nn.init.uniform_(norm.weight, 0.5, 1.5, generator=torch.Generator().manual_seed(1))
        nn.init.uniform_(norm.bias, -1, 1, generator=torch.Generator().manual_seed(2))
    for step in range(4):
        x, mask = padded(step)
        mine, its = x.clone().requires_grad_(), x[mask].requires_grad_()
        slope = torch.randn(len(its), 6, dtype=torch.float64)
        out, expected = ours(mine, mask)[mask], theirs(its)
        torch.testing.assert_close(out, expected, rtol=1e-11, atol=1e-11)
        out.backward(slope)
        expected.backward(slope)
        torch.testing.assert_close(mine.grad[mask], its.grad, rtol=1e-10, atol=1e-10)
        assert not mine.grad[~mask].any()
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-12, atol=1e-12)
    for name, value in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, value.grad, rtol=1e-10, atol=1e-10)
    x, mask = padded(9)
    torch.testing.assert_close(ours.eval()(x, mask)[mask], theirs.eval()(x[mask]))
    theirs.load_state_dict(ours.state_dict())


def test_batch_norm_without_a_mask_or_without_real_frames():
    norm, plain = MaskedBatchNorm(6).double(), nn.BatchNorm1d(6).double()
    x, mask = padded()
    torch.testing.assert_close(norm(x), plain(x.flatten(0, 1)).view_as(x))
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    assert norm(x, mask & False).isfinite().all()
    one = torch.zeros_like(mask)
    one[0, 0] = True
    assert all(value.equal(before[name]) for name, value in norm.state_dict().items())
    assert norm(x, one).isfinite().all()
    assert norm.running_var.isfinite().all()


def test_padding_changes_nothing_of_the_real_frames():
    torch.manual_seed(0)
    bottleneck, same = (Bottleneck(6, 4, 16).double() for _ in range(2))
    same.load_state_dict(bottleneck.state_dict())
    x, mask = padded()
    out, other = bottleneck(x, mask), same(x.masked_fill(~mask.unsqueeze(-1), 1e6), mask)
    assert out.units[mask].equal(other.units[mask])
    for field in ("loss", "distance", "input_norm", "codeword_norm"):
        torch.testing.assert_close(getattr(out, field), getattr(other, field))
    torch.testing.assert_close(out.codes[mask], other.codes[mask])
    for mine, its in zip(bottleneck.state_dict().values(), same.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, its)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_norm": False}, {"update": "ema"}, {"codebooks": 2}, {"quantise": False}],
    ids=lambda options: "-".join(options) or "plain",
)
def test_padding_that_is_not_finite_changes_nothing(value, training, options):
    torch.manual_seed(0)
    options = dict(options)
    quantise = options.pop("quantise", True)
    bottleneck = Bottleneck(6, 4, 16, **options).double()
    x, mask = padded()
    found = []
    for fill in (0.0, value):
        part = copy.deepcopy(bottleneck).train(training)
        spoilt = x.masked_fill(~mask.unsqueeze(-1), fill).requires_grad_()
        out = part(spoilt, mask, quantise=quantise)
        (out.loss + out.codes[mask].square().sum() + 0 * out.codes.sum()).backward()
        assert not spoilt.grad[~mask].any()
        reservoir = Reservoir(50, 4)
        reservoir.add(out.vectors, mask)
        assert reservoir.samples().isfinite().all()
        gradients = [p.grad for p in part.parameters() if p.grad is not None]
        scalars = [out.loss, out.distance, out.input_norm, out.codeword_norm]
        tokens = [out.units[mask], out.codes[mask], spoilt.grad[mask], reservoir.samples()]
        found.append([*tokens, *scalars, *gradients, *part.state_dict().values()])
        assert out.codes.isfinite().all()
    for clean, spoilt in zip(*found, strict=True):
        assert clean.equal(spoilt)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("masked", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_a_bottleneck_in_half_precision_runs_and_is_near_that_in_full_precision(kind, training, masked, update):
    torch.manual_seed(0)
    full = Bottleneck(6, 4, 16, update=update).to(kind).float()  # the same weights, rounded
    x, mask = padded()
    x = x.to(kind)
    half = copy.deepcopy(full).to(kind).train(training)
    out = half(x, mask if masked else None)
    exact = full.train(training)(x.float(), mask if masked else None)
    (out.loss + out.codes.float().square().sum()).backward()
    assert {out.codes.dtype, out.vectors.dtype} == {kind}
    assert out.loss.dtype == torch.float32
    real = mask if masked else mask | True
    tolerance = {"rtol": 0.05, "atol": 0.1} if kind == torch.bfloat16 else {"rtol": 0.01, "atol": 0.02}
    torch.testing.assert_close(out.vectors[real].float(), exact.vectors[real], **tolerance)
    for mine, its in zip(half.state_dict().values(), full.state_dict().values(), strict=True):
        torch.testing.assert_close(mine.float(), its.float(), **tolerance)
    assert all(p.grad.isfinite().all() for p in half.parameters() if p.grad is not None)


def test_the_moving_average_counts_more_vectors_than_half_precision_can():
    vq = VectorQuantizer(4, 1, update="ema", decay=0.5).half()
    vq(torch.ones(5000, 4))  # a sum of ones in half precision stops at 2048
    assert vq.counts.item() == pytest.approx(2500, rel=1e-3)


@pytest.mark.parametrize("options", [{"affine": False}, {"track_running_stats": False}])
def test_masked_batch_norm_without_weights_or_running_statistics(options):
    ours, theirs = (kind(6, **options).double() for kind in (MaskedBatchNorm, nn.BatchNorm1d))
    x, mask = padded()
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        torch.testing.assert_close(ours(x, mask)[mask], theirs(x[mask]))


def test_norms_and_vectors_are_those_of_the_quantiser():
    bottleneck = Bottleneck(6, 4, 16, batch_norm=False).double()
    x, mask = padded()
    out = bottleneck(x, mask)
    vectors = x @ bottleneck.projection.weight.t() + bottleneck.projection.bias
    torch.testing.assert_close(out.vectors, vectors.detach())
    torch.testing.assert_close(out.input_norm.double(), vectors[mask].norm(dim=1).mean().detach(), rtol=1e-5, atol=1e-5)
    expected = bottleneck.quantizer.codebook.norm(dim=1).mean().detach()
    torch.testing.assert_close(out.codeword_norm.double(), expected, rtol=1e-5, atol=1e-5)
    assert out.units.equal(bottleneck.quantizer.encode(out.vectors))
    assert not out.vectors.requires_grad


@pytest.mark.parametrize("batch_norm", [True, False])
def test_without_a_projection_the_normalised_inputs_are_quantised(batch_norm):
    bottleneck = Bottleneck(6, None, 16, batch_norm=batch_norm).double()
    x, mask = padded()
    out = bottleneck(x, mask)
    real = x[mask]
    expected = (real - real.mean(0)) / (real.var(0, correction=0) + 1e-5).sqrt() if batch_norm else real
    torch.testing.assert_close(out.vectors[mask], expected)
    assert bottleneck.dim == out.codes.shape[-1] == 6
    assert Bottleneck(6, 4, 16).dim == 4
    assert dict(bottleneck.named_parameters()).keys() == {"quantizer.codebook"}
    same = Bottleneck(6, None, 16, batch_norm=batch_norm).double()
    same.load_state_dict(bottleneck.state_dict())
    assert same.eval()(x, mask).units.equal(bottleneck.eval()(x, mask).units)


@pytest.mark.parametrize("ratio", [1 / 32, 32.0])
def test_with_batch_norm_the_scale_of_encoder_outputs_changes_no_unit(ratio):
    torch.manual_seed(0)
    normalised, plain = (Bottleneck(6, 4, 64, batch_norm=batch_norm).double() for batch_norm in (True, False))
    x, mask = padded()
    for bottleneck, same in ((normalised, True), (plain, False)):
        units = [bottleneck(scaled, mask).units[mask] for scaled in (x, x * ratio)]
        assert units[0].equal(units[1]) == same


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_warm_up_passes_activations_through_and_leaves_the_codebook_alone(update):
    bottleneck = Bottleneck(6, 4, 16, update=update)
    before = bottleneck.quantizer.codebook.clone()
    optimizer = torch.optim.Adam(bottleneck.parameters(), lr=0.1)
    x, mask = padded()
    out = bottleneck(x.float(), mask, quantise=False)
    assert out.codes.detach().equal(out.vectors)
    assert out.loss == 0
    assert out.units[mask].equal(bottleneck.quantizer.encode(out.vectors)[mask])
    distance = (out.vectors - bottleneck.quantizer.decode(out.units))[mask].square().sum(-1).mean()
    torch.testing.assert_close(out.distance, distance.detach())
    (out.codes.sum() + out.loss).backward()
    optimizer.step()
    assert bottleneck.projection.weight.grad.any()
    assert bottleneck.quantizer.codebook.equal(before)


def test_the_codebook_is_a_parameter_group_of_its_own():
    bottleneck = Bottleneck(6, 4, 16)
    assert [p is bottleneck.quantizer.codebook for p in bottleneck.codebook_parameters()] == [True]
    assert Bottleneck(6, 4, 16, update="ema").codebook_parameters() == []


def test_training_is_deterministic_for_a_seed():
    def train():
        torch.manual_seed(3)
        bottleneck = Bottleneck(6, 8, 64, update="ema", codebooks=2)
        optimizer = torch.optim.Adam(bottleneck.parameters())
        for step in range(5):
            x, mask = padded(step)
            out = bottleneck(x.float(), mask)
            optimizer.zero_grad()
            (out.codes.square().sum() + out.loss).backward()
            optimizer.step()
        return bottleneck.state_dict()

    assert all(a.equal(b) for a, b in zip(train().values(), train().values(), strict=True))


def test_a_compiled_bottleneck_gives_the_same():
    bottleneck = Bottleneck(6, 8, 64)
    compiled = torch.compile(bottleneck, backend="eager")
    x, mask = padded()
    with torch.no_grad():
        bottleneck.eval()
        assert compiled(x.float(), mask).units.equal(bottleneck(x.float(), mask).units)


def test_autocast_trains():
    bottleneck = Bottleneck(6, 8, 64)
    x, mask = padded()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = bottleneck(x.float(), mask)
        (out.codes.float().square().sum() + out.loss).backward()
    assert out.loss.dtype == torch.float32
    assert all(p.grad.isfinite().all() and p.grad.dtype == torch.float32 for p in bottleneck.parameters())


@pytest.mark.slow
def test_the_package_imports_torch_alone():
    folder = Path(unitdisc.codebook.__file__).parent
    allowed = {"torch", "unitdisc", *sys.stdlib_module_names}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] in allowed, path
                assert not name.startswith("unitdisc") or name.startswith("unitdisc.codebook"), path
    script = "import sys, unitdisc.codebook; print('sklearn' in sys.modules, 'pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
