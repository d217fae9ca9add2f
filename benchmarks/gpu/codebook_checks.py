"""The codebook on the device beside the same on the CPU: quantiser, reservoir, k-means, re-estimation."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from benchmarks.gpu.made_up import Machine, vectors
from benchmarks.gpu.rows import Check
from unitdisc.codebook import Reestimation, ReestimationSchedule, Reservoir, VectorQuantizer, kmeans
from unitdisc.codebook.distances import nearest
from unitdisc.codebook.quantizer import Update

cpu = torch.device("cpu")


def difference(ours: Tensor, reference: Tensor) -> float:
    """Return the largest difference over the largest magnitude; infinite for shapes that do not fit."""
    if ours.shape != reference.shape:
        return math.inf
    one, other = ours.detach().cpu().double(), reference.detach().cpu().double()
    return float((one - other).abs().max() / other.abs().max().clamp(min=1e-12))


def quantiser(machine: Machine) -> Iterator[Check]:
    """Units, codes, losses, gradients and moved codewords are the CPU's, whatever is padding."""
    for update in ("gradient", "ema"):
        for codebooks in (1, 4):
            for masked in (False, True):
                name = f"quantiser {update}, {codebooks} codebooks, {'a mask' if masked else 'no mask'}"
                yield from _as_on_cpu(name, machine, update, codebooks, masked=masked)
    yield from _random_units(machine)
    yield from _not_finite(machine)


def _as_on_cpu(name: str, machine: Machine, update: Update, codebooks: int, *, masked: bool) -> Iterator[Check]:
    """Compare on vectors that lie near a codeword, so that no rounding changes a unit."""
    torch.manual_seed(0)
    reference = VectorQuantizer(64, machine.size(512, 32), update=update, codebooks=codebooks)
    groups = reference.codebook.detach().view(codebooks, reference.codewords, -1)
    groups.normal_()
    count = machine.size(16_384, 500)
    drawn = torch.randint(reference.codewords, (codebooks, count))
    x = torch.cat([words[units] for words, units in zip(groups, drawn, strict=True)], 1)
    x = x + 0.05 * torch.randn_like(x)
    mask = torch.rand(count) < 0.7 if masked else None
    other = copy.deepcopy(reference).to(machine.device)
    expected, found = _step(reference, x, mask), _step(other, x.to(machine.device), mask)
    yield Check(f"{name}: units", float((found.pop("units").cpu() != expected.pop("units")).sum()), 0)
    worst = {key: difference(found[key], value) for key, value in expected.items()}
    place = max(worst, key=lambda key: worst[key])
    yield Check(f"{name}: values", worst[place], 1e-4, place)


def _step(vq: VectorQuantizer, x: Tensor, mask: Tensor | None) -> dict[str, Tensor]:
    x = x.clone().requires_grad_()
    out = vq(x, None if mask is None else mask.to(x.device))
    (out.loss + (out.codes * x.detach().cos()).mean()).backward()
    found = {
        "codes": out.codes,
        "units": out.units,
        "loss": out.loss,
        "distance": out.distance,
        "codewords": vq.codebook,
    }
    others = {"gradient": x.grad, "codeword gradient": vq.codebook.grad, "counts": vq.counts}
    return found | {name: value for name, value in others.items() if value is not None}


def _random_units(machine: Machine) -> Iterator[Check]:
    """Where vectors lie anywhere a unit may differ, but only for one as near in all the digits of float32."""
    for dtype in (torch.float32, torch.bfloat16):
        vq = VectorQuantizer(64, machine.size(2048, 64))
        x = (0.1 * torch.randn(machine.size(16_384, 500), 64)).to(dtype)
        units = vq.encode(x)
        others = vq.to(machine.device).encode(x.to(machine.device)).cpu()
        words, wide = vq.codebook.detach().cpu().double(), x.double()
        one, other = ((wide - words[each]).square().sum(1) for each in (units, others))
        share = float((units != others).double().mean())
        name = f"quantiser {str(dtype).removeprefix('torch.')}, random vectors: excess distance"
        yield Check(name, float(((other - one) / one).abs().max()), 1e-5, f"{share:.2%} other units")


def _not_finite(machine: Machine) -> Iterator[Check]:
    vq = VectorQuantizer(64, machine.size(2048, 100)).to(machine.device)
    x = torch.randn(64, 64, device=machine.device)
    clean = vq.encode(x)
    x[1, 3], x[2, 5], x[3, 7] = math.inf, -math.inf, math.nan
    units = vq.encode(x)
    outside = int(((units < 0) | (units >= vq.codewords)).sum())
    yield Check("quantiser, infinite vectors: units that are none", outside, 0)
    if outside:
        return  # looking them up would end the process's use of the device
    yield Check("quantiser, infinite vectors: units of the others", float((units[4:] != clean[4:]).sum()), 0)
    mask = torch.ones(64, dtype=torch.bool, device=machine.device)
    mask[1:4] = False
    x.requires_grad_()
    loss = vq(x, mask).loss
    loss.backward()
    finite = bool(loss.isfinite()) and bool(x.grad.isfinite().all()) and bool(vq.codebook.grad.isfinite().all())
    yield Check("quantiser, infinite vectors as padding: loss and gradients not finite", float(not finite), 0)


def reservoir(machine: Machine) -> Iterator[Check]:
    """The vectors of the same seed are the CPU's to the bit, with masks, over many batches, and taken up half-way."""
    for masked in (False, True):
        held = {device: Reservoir(machine.size(20_480, 300), 64, seed=3) for device in (cpu, machine.device)}
        for step in range(24):
            x = vectors(machine.size(3072, 48), seed=step).view(12, -1, 64)
            mask = torch.rand(x.shape[:2], generator=torch.Generator().manual_seed(step)) < 0.8 if masked else None
            for device, each in held.items():
                each.add(x.to(device), None if mask is None else mask.to(device))
            if step == 12:  # each goes on from the other's state, as a resumed training does
                states = {device: each.state_dict() for device, each in held.items()}
                for device, each in held.items():
                    other = cpu if device == machine.device else machine.device
                    each.load_state_dict(states.get(other, states[device]))
        samples = [each.samples().cpu() for each in held.values()]
        other = float("inf") if len({len(s) for s in samples}) > 1 else float((samples[0] != samples[-1]).sum())
        yield Check(f"reservoir, {'a mask' if masked else 'no mask'}: values that are not the CPU's", other, 0)


def clustering(machine: Machine) -> Iterator[Check]:
    """k-means is as good as on the CPU, and the same twice under torch.use_deterministic_algorithms."""
    x, clusters = vectors(machine.size(20_480, 2000)), machine.size(2048, 64)
    for seeding in ("kmeans++", "random"):
        _, _, expected = kmeans(x, clusters, seed=1, seeding=seeding)
        _, _, found = kmeans(x.to(machine.device), clusters, seed=1, seeding=seeding)
        note = f"{found:.4f} beside {expected:.4f}"
        yield Check(f"k-means, {seeding}: relative inertia", abs(found / expected - 1), 0.01, note)
    with deterministic():
        one, other = (kmeans(x.to(machine.device), clusters, seed=1)[0] for _ in range(2))
    yield Check("k-means twice, deterministic: values that differ", float((one != other).sum()), 0)


@contextmanager
def deterministic() -> Iterator[None]:
    """Let the block use deterministic kernels alone."""
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=False)


def reestimation(machine: Machine) -> Iterator[Check]:
    """New codewords are as good as on the CPU, the average gets them too, and the optimiser forgets the old ones."""
    x = vectors(machine.size(20_480, 1200))
    for codebooks in (1, 4):
        distances = []
        for device in (cpu, machine.device):
            torch.manual_seed(0)
            vq = VectorQuantizer(64, machine.size(1024, 64), codebooks=codebooks).to(device)
            average, optimiser = copy.deepcopy(vq), torch.optim.Adam(vq.parameters())
            vq(x.to(device)).loss.backward()
            optimiser.step()
            held = Reservoir(len(x), 64)
            held.add(x.to(device))
            done = Reestimation(ReestimationSchedule()).run(vq, held, optimiser, averaged=[average])
            wrong = (
                not done
                or len(held)
                or not vq.codebook.equal(average.codebook)
                or vq.codebook.device != x.to(device).device
            )
            wrong = wrong or any(bool(value.any()) for value in optimiser.state[vq.codebook].values())
            distances.append(float(vq(x.to(device)).distance) if not wrong else math.nan)
        expected, found = distances
        note = f"{found:.4f} beside {expected:.4f}"
        yield Check(f"re-estimation, {codebooks} codebooks: relative distance", abs(found / expected - 1), 0.01, note)
    units, values = nearest(x.to(machine.device), vectors(300).to(machine.device))
    again = nearest(x, vectors(300))
    exact = (x - vectors(300)[units.cpu()]).square().sum(1) - x.square().sum(1)
    yield Check("nearest codewords: values", max(difference(values, again[1]), difference(values, exact)), 1e-4)
