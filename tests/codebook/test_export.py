"""A trained quantiser leaves Python: exported, traced, compiled, as ONNX, copied and pickled."""

import copy
import io
import pickle
import re
import warnings

import pytest
import torch
from torch import nn

from tests.helpers.places import repository
from unitdisc.codebook import Bottleneck, Reestimation, ReestimationSchedule, Reservoir, VectorQuantizer
from unitdisc.codebook.bottleneck import BottleneckOutput
from unitdisc.codebook.distances import nearest, nearest_traced, traced_block
from unitdisc.codebook.quantizer import Quantized

pytestmark = pytest.mark.slow  # each export or trace compiles for a second or so

other_sizes = [(5, 70), (2, 1000), (3, 1), (1, 1)]  # batch and length


class Deployed(nn.Module):
    """A user's model, which returns tensors alone."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x, mask=None):
        out = self.inner(x, mask)
        return out.codes, out.units


def exact_quantizer(codewords, **options):
    """Return a quantiser whose distances to whole numbers have no rounding errors, and many ties."""
    vq = VectorQuantizer(8, codewords, **options)
    vq.replace_codewords(torch.randint(-3, 4, vq.codebook.shape, generator=torch.Generator().manual_seed(1)).float())
    return vq


def trained_bottleneck(codewords, **options):
    torch.manual_seed(2)
    bottleneck = Bottleneck(8, 6, codewords, **options).double()
    for _ in range(3):  # running statistics that are not those of a new batch norm
        bottleneck(1 + 2 * torch.randn(4, 20, 8, dtype=torch.float64))
    return bottleneck


modules = {
    "one codebook": lambda: exact_quantizer(300),
    "one codeword": lambda: exact_quantizer(1),
    "two large codebooks": lambda: exact_quantizer(2 * traced_block + 70, codebooks=2, update="ema"),
    "bottleneck": lambda: trained_bottleneck(70),
    "bottleneck without batch norm": lambda: trained_bottleneck(100, batch_norm=False, codebooks=3),
}
each_module = pytest.mark.parametrize("module", modules.values(), ids=modules.keys())
with_and_without_mask = pytest.mark.parametrize("masked", [False, True], ids=["no mask", "mask"])


def each_pair(option, names):
    """Every module with and without a mask, each with either value of an ``option`` in turn.

    Each pair of a module, a mask and a value occurs, and half of the triples: an export takes seconds.
    """
    cases = [
        pytest.param(
            module,
            masked,
            bool((place + masked) % 2),
            id=f"{name}-{'mask' if masked else 'no mask'}-{names[(place + masked) % 2]}",
        )
        for place, (name, module) in enumerate(modules.items())
        for masked in (False, True)
    ]
    return pytest.mark.parametrize(("module", "masked", option), cases)


def deployed(module):
    model = Deployed(module()).eval()
    return model, next(model.parameters()).dtype


def inputs(size, kind, masked):
    generator = torch.Generator().manual_seed(sum(size))
    x = torch.randint(-9, 10, (*size, 8), generator=generator).to(kind)
    lengths = torch.randint(size[1] + 1, (size[0], 1), generator=generator)
    return (x, torch.arange(size[1]) < lengths) if masked else (x,)


def dynamic(arguments):
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("length", min=1)}
    return tuple(sizes for _ in arguments)


def check_same_units(call, model, kind, masked, sizes=other_sizes):
    for size in sizes:
        arguments = inputs(size, kind, masked)
        with torch.no_grad():
            (codes, units), (expected_codes, expected_units) = call(*arguments), model(*arguments)
        assert units.equal(expected_units), size
        torch.testing.assert_close(codes, expected_codes)


@each_pair("strict", ["not strict", "strict"])
def test_an_exported_program_gives_the_same_units_for_other_sizes(module, masked, strict):
    model, kind = deployed(module)
    example = inputs((3, 50), kind, masked)
    program = torch.export.export(model, example, dynamic_shapes=dynamic(example), strict=strict)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    check_same_units(torch.export.load(file).module(), model, kind, masked, [*other_sizes, (3, 0)])


@each_module
@with_and_without_mask
def test_a_traced_module_gives_the_same_units_for_other_sizes_and_without_a_warning(module, masked):
    model, kind = deployed(module)
    with warnings.catch_warnings():
        warnings.simplefilter("error", torch.jit.TracerWarning)
        traced = torch.jit.trace(model, inputs((3, 50), kind, masked))
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    check_same_units(torch.jit.load(file), model, kind, masked, [*other_sizes, (3, 0)])


@pytest.mark.slow
@each_pair("dynamo", ["from TorchScript", "from torch.export"])
def test_onnx_gives_the_same_units_for_other_sizes(module, masked, dynamo, tmp_path):
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install onnx onnxscript onnxruntime")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime")
    model, kind = deployed(module)
    example = inputs((3, 50), kind, masked)
    names = ["x", "mask"][: len(example)]
    axes = {name: {0: "batch", 1: "length"} for name in (*names, "codes", "units")}
    shapes = {"dynamic_shapes": dynamic(example), "verbose": False} if dynamo else {"dynamic_axes": axes}
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters warn of each other
        torch.onnx.export(
            model, example, path, input_names=names, output_names=["codes", "units"], dynamo=dynamo, **shapes
        )
    session = runtime.InferenceSession(path)

    def call(*arguments):
        feed = {name: value.numpy() for name, value in zip(names, arguments, strict=True)}
        return [torch.from_numpy(value) for value in session.run(None, feed)]

    check_same_units(call, model, kind, masked)


@pytest.mark.slow
@each_module
def test_a_model_compiles_as_one_graph_for_all_sizes(module):
    model, kind = deployed(module)
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    lengths = [(2, length) for length in range(20, 6000, 400)]  # more than are compiled one by one
    check_same_units(compiled, model, kind, True, [*other_sizes, *lengths])


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_a_compiled_quantiser_trains_as_an_eager_one(update):
    one, other = exact_quantizer(300, update=update), exact_quantizer(300, update=update)
    torch.compiler.reset()
    compiled = torch.compile(other, fullgraph=True, backend="aot_eager")
    x, mask = inputs((3, 50), torch.float32, masked=True)
    mine, its = x.clone().requires_grad_(), x.clone().requires_grad_()
    for vq, each in ((one, mine), (compiled, its)):
        out = vq(each, mask)
        (out.loss + out.codes.square().sum()).backward()
    torch.testing.assert_close(mine.grad, its.grad)
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name])
    if update == "gradient":
        torch.testing.assert_close(one.codebook.grad, other.codebook.grad)


@pytest.mark.parametrize(("inner", "output"), [(VectorQuantizer, Quantized), (Bottleneck, BottleneckOutput)])
def test_a_part_that_is_exported_alone_returns_its_own_output(inner, output):
    part = inner(8, *([8] if inner is Bottleneck else []), 30).eval()
    program = torch.export.export(part, (torch.randn(3, 50, 8),), dynamic_shapes=dynamic([0]))
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    x = torch.randn(2, 9, 8)
    out = torch.export.load(file).module()(x)
    assert type(out) is output
    torch.testing.assert_close(out.loss, part(x).loss)


@pytest.mark.parametrize("codewords", [1, 63, 64, 100, traced_block, traced_block + 1, 3 * traced_block - 5])
def test_the_traced_search_finds_what_the_other_finds(codewords):
    generator = torch.Generator().manual_seed(codewords)
    x = torch.randint(-9, 10, (200, 3), generator=generator).float()  # exact distances with many ties
    words = torch.randint(-9, 10, (codewords, 3), generator=generator).float()
    assert nearest_traced(x, words, codewords).equal(nearest(x, words)[0])
    real = torch.randn(700, 37, generator=generator)
    words = torch.randn(codewords, 37, generator=generator)
    assert nearest_traced(real, torch.cat([words, words]), 2 * codewords).max() < codewords


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), float("nan")])
def test_the_traced_search_has_a_unit_for_a_vector_that_is_not_finite(value):
    x = torch.ones(3, 4)
    x[1, 2] = value
    for codewords in (1, 5, 65, traced_block + 3):
        units = nearest_traced(x, torch.randn(codewords, 4), codewords)
        assert units.min() >= 0
        assert units.max() < codewords


def test_distances_are_float32_in_a_program_exported_in_half_precision():
    model = Deployed(VectorQuantizer(32, 300)).eval()
    x = torch.randn(1, 500, 32, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    program = torch.export.export(model, (x[:, :50],), dynamic_shapes=({1: torch.export.Dim("length", min=2)},))
    exact = (x[0].double().unsqueeze(1) - model.inner.codebook.double()).square().sum(-1)
    assert program.module()(x)[1].equal(exact.argmin(1).unsqueeze(0))


def trained(module, steps):
    """Return the module, its optimiser, a reservoir and re-estimations, after some steps of training."""
    part = module().float().train()
    optimizer = torch.optim.Adam([*part.parameters(), torch.zeros(1, requires_grad=True)])
    reservoir, reestimation = Reservoir(400, 8), Reestimation(ReestimationSchedule(warmup_epochs=0))
    for step in range(steps):
        x = torch.randn(4, 60, 8, generator=torch.Generator().manual_seed(step)).requires_grad_()
        mask = torch.arange(60) < torch.tensor([[60], [1], [30], [50]])
        out = part(x, mask)
        optimizer.zero_grad()
        (out.loss + out.codes.square().sum()).backward()
        optimizer.step()
        reservoir.add(x, mask)
        if reestimation.due(step + 1, step):
            reestimation.run(VectorQuantizer(8, 10), reservoir, optimizer=None)
    return part, optimizer, reservoir, reestimation


def through_a_file(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@each_module
@pytest.mark.parametrize("steps", [0, 3], ids=["new", "trained"])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v)), through_a_file])
def test_a_copy_of_everything_goes_on_as_the_original(module, steps, duplicate):
    everything = trained(module, steps)
    x = torch.randn(4, 60, 8)
    samples = []
    for part, optimizer, reservoir, reestimation in (everything, duplicate(everything)):
        assert reestimation.done == max(steps - 1, 0)
        assert all(any(p is mine for mine in part.parameters()) for p in optimizer.param_groups[0]["params"][:-1])
        reservoir.add(x)
        out = part(x)
        samples.append([out.units, out.codes, out.loss, reservoir.samples(), *part.state_dict().values()])
    for mine, its in zip(*samples, strict=True):
        assert mine.equal(its)


@each_module
@with_and_without_mask
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_no_token_and_one_token_are_quantised(module, masked, training):
    part = module().train(training)
    kind = next(part.parameters()).dtype
    for size in ((1, 1), (3, 0), (0, 5), (0, 0)):
        if training and not masked and isinstance(part, Bottleneck) and part.norm is not None:
            continue  # torch has no statistics of fewer than two frames either
        arguments = (torch.ones(*size, 8, dtype=kind), torch.ones(size, dtype=torch.bool))[: 1 + masked]
        out = part(*arguments)
        assert out.units.shape[:2] == size
        assert out.loss.isfinite()


def test_the_example_of_deployment_in_the_documents_runs(tmp_path, monkeypatch):
    section = (repository / "docs" / "index.md").read_text(encoding="utf-8").split("### Deploy a trained quantiser")[1]
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    exec(re.findall(r"^```python\n(.*?)^```", section, flags=re.M | re.S)[0], {})
    assert (tmp_path / "units.pt2").exists()
