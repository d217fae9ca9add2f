"""Training and encoding on the device: published models, narrow floats, compiling, resuming, one process of several."""

import copy
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import nn

from benchmarks.gpu.made_up import Machine, Utterances, settings_of, trainer_of, utterances
from benchmarks.gpu.rows import Check
from unitdisc.layout import RunFolder
from unitdisc.models.model import Model
from unitdisc.training import checkpoint, loop
from unitdisc.training.final_reestimation import final_reestimation
from unitdisc.training.precision import autocast, made_for_bfloat16
from unitdisc.training.trainer import Trainer

cpu = torch.device("cpu")
once = {"warmup_epochs": 1, "until_epoch": 3}  # epochs: unquantised, re-estimated, re-estimated, and as it is


def trained(name: str, machine: Machine, *, epochs: int = 5, **training: Any) -> Trainer:
    """Return a trainer that has trained for some epochs."""
    plan = {"training": {"epochs": epochs, **training}, "bottleneck": {"reestimation": once}}
    settings = settings_of(name, machine, **plan)
    run = trainer_of(name, settings, data_of(name, machine), machine.device)
    run.state.rows += [run.epoch(number) for number in range(1, epochs + 1)]
    return run


def data_of(name: str, machine: Machine) -> Utterances:
    """Return utterances of a dozen steps an epoch on a GPU, of fewer on a CPU."""
    return utterances(name, machine.size(96, 8), machine.size(256, 96))


def training(name: str, machine: Machine) -> Iterator[Check]:
    """The loss falls in float32 and in bfloat16, to about the same, and the units are the CPU's."""
    narrow = _narrow_by_default(name, machine)
    made_for = made_for_bfloat16(machine.device)
    yield Check(f"{name}: precision auto is bfloat16 where the device is made for it", float(narrow != made_for), 0)
    losses = {}
    for precision in ("float32", "bfloat16" if machine.small else "auto"):
        run = trained(name, machine, precision=precision)
        first, last = run.state.rows[0], run.state.rows[-1]
        losses[precision] = last.task_loss
        done = sum(row.reestimations for row in run.state.rows)
        note = f"{first.task_loss:.4f} to {last.task_loss:.4f}, {last.units_used} units, {done} re-estimations"
        yield Check(f"{name}, {precision}: last loss over the first", last.task_loss / first.task_loss, 0.98, note)
        yield Check(f"{name}, {precision}: re-estimations that are missing", float(2 - done), 0)
    wide, narrow_loss = losses.values()
    off = abs(narrow_loss - wide) / first.task_loss
    yield Check(f"{name}: bfloat16's last loss less float32's, over the first", off, 0.1)
    yield Check(f"{name}: final re-estimation is missing", float(not final_reestimation(run)), 0)
    yield from _encoding(name, run.state.result.eval(), machine)


def _narrow_by_default(name: str, machine: Machine) -> bool:
    with autocast(settings_of(name, machine).training, machine.device):
        kind = machine.device.type
        return torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.bfloat16


@torch.no_grad()
def _encoding(name: str, model: Model, machine: Machine) -> Iterator[Check]:
    """Compare units with the CPU's: another one must be explained by how far the vectors are apart.

    Once without TF32, in which cuDNN computes float32 convolutions by default, and once as a user has it.
    """
    reference = copy.deepcopy(model).cpu()
    data = utterances(name, machine.size(12, 5), machine.size(900, 150), seed=1).matrices
    all_frames = [torch.tensor(data[key]) for key in data]
    expected = torch.cat([reference.encode(each) for each in all_frames])
    on_cpu = torch.cat([reference.vectors(each) for each in all_frames])
    for exact in (True, False):
        with float32_alone() if exact else nullcontext():
            found = [(model.encode(x), model.vectors(x)) for x in (each.to(machine.device) for each in all_frames)]
        units, vectors = (torch.cat(parts).cpu() for parts in zip(*found, strict=True))
        off = (vectors - on_cpu).norm(dim=1)
        words = reference.codebook
        one, other = ((on_cpu - words[each]).square().sum(1) for each in (expected, units))
        # ‖x + d − w‖² − ‖x + d − v‖² is that of x and 2⟨d, v − w⟩ more, at most 2 ‖d‖ ‖v − w‖.
        reach = 2 * off * (words[expected] - words[units]).norm(dim=1)
        excess = (other - one - reach) / one.clamp(min=1e-6)
        share = float((units != expected).double().mean())
        how = "float32" if exact else "TF32 where PyTorch takes it"
        relative = float(off.sum() / on_cpu.norm(dim=1).sum())
        note = f"{share:.3%} of {len(units)} units differ"
        yield Check(f"{name}, encoded in {how}: relative error of the vectors", relative, 1e-4 if exact else 2e-2)
        yield Check(f"{name}, encoded in {how}: units that no near tie explains", float(excess.max()), 1e-4, note)
        if exact:
            yield Check(f"{name}, encoded in {how}: share of other units", share, 0.005)
            shorter = [x[: len(x) - 7 * number] for number, x in enumerate(all_frames)]
            alone = torch.cat([reference.encode(x) for x in shorter])
            together = torch.cat(model.encode_batch([x.to(machine.device) for x in shorter])).cpu()
            share = float((alone != together).double().mean())
            yield Check(f"{name}, encoded in one batch: share of other units", share, 0.005)


@contextmanager
def float32_alone() -> Iterator[None]:
    """Keep cuDNN from TF32 in the block."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def compiled(name: str, machine: Machine) -> Iterator[Check]:
    """A compiled model trains to the eager one's loss; without TF32, so that rounding alone is between them."""
    losses = []
    for choice in (False, True):
        plan = {
            "training": {"epochs": 1, "compile": choice, "precision": "float32"},
            "bottleneck": {"reestimation": None},
        }
        with without_code_generator(machine), float32_alone():
            run = trainer_of(name, settings_of(name, machine, **plan), data_of(name, machine), machine.device)
            losses.append(run.epoch(1).loss)
    note = f"{losses[1]:.5f} beside {losses[0]:.5f}"
    yield Check(f"{name}: compiled loss beside the eager one's", abs(losses[1] / losses[0] - 1), 0.01, note)


@contextmanager
def without_code_generator(machine: Machine) -> Iterator[None]:
    """Leave out, on a CPU, the code generator of torch.compile, whose C++ takes a minute."""
    if not machine.small:
        yield
        return
    compile_it = nn.Module.compile
    with mock.patch.object(nn.Module, "compile", lambda self: compile_it(self, backend="aot_eager")):
        yield


def resuming(machine: Machine) -> Iterator[Check]:
    """A training stopped on the CPU goes on on the device, and the other way round, to about the same loss."""
    small = Machine(cpu)  # the CPU's part is not to take minutes
    plan = {"training": {"epochs": 4, "precision": "float32", "average": 0.9}, "bottleneck": {"reestimation": once}}
    settings, data = settings_of("default", small, **plan), utterances("default", 48, 96)
    for start, end in ((cpu, machine.device), (machine.device, cpu)):
        with tempfile.TemporaryDirectory() as folder:
            run = RunFolder(Path(folder))
            first = trainer_of("default", settings, data, start)
            first.state.rows += [first.epoch(number) for number in (1, 2)]
            checkpoint.save(run.resume, "made up", first.state.state_dict())
            second = trainer_of("default", settings, data, end)
            model = loop.train(second, run, digest="made up")
            for number in (3, 4):
                first.state.rows.append(first.epoch(number))
        expected, found = first.state.rows[-1].loss, second.state.rows[-1].loss
        where = {str(value.device.type) for value in (*model.parameters(), second.state.reservoir.samples())}
        name = f"resumed from {start.type} on {end.type}"
        yield Check(f"{name}: rows that are missing", float(4 - len(second.state.rows)), 0)
        yield Check(f"{name}: tensors elsewhere", float(where != {end.type}), 0)
        yield Check(f"{name}: loss", abs(found / expected - 1), 0.05, f"{found:.4f} beside {expected:.4f}")


def together(machine: Machine) -> Iterator[Check]:
    """One process of a distributed training (NCCL, gloo on the CPU) trains to the loss that it has alone."""
    backend = "gloo" if machine.small else "nccl"
    command = [sys.executable, "-m", "benchmarks.gpu.one_process", machine.device.type]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        yield Check(f"{backend} with one process", math.inf, 0, f"exit code {done.returncode}: {last}")
        return
    for name, (alone, shared) in json.loads(done.stdout.splitlines()[-1]).items():
        off = max(abs(b / a - 1) for a, b in zip(alone, shared, strict=True))
        yield Check(f"{name}: loss in {backend} with one process beside alone", off, 0.02, f"{shared[-1]:.4f}")
