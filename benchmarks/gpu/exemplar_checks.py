"""Exemplars on the device beside the same on the CPU."""

import copy
from collections.abc import Iterator

import torch

from benchmarks.gpu.made_up import Machine
from benchmarks.gpu.rows import Check
from unitdisc.config import ExemplarsSettings
from unitdisc.models.exemplars import Exemplars
from unitdisc.models.window_keys import keys_of, windows

width = 64


def exemplars(machine: Machine) -> Iterator[Check]:
    """Means are the CPU's, but where another exemplar is as near in all the digits of float32."""
    torch.manual_seed(0)
    count = machine.size(60_000, 500)
    reference = Exemplars(width, ExemplarsSettings(count=count))
    known, rows = torch.randn(count, width), torch.arange(count)
    keys = keys_of(windows(known[:2000], rows[:2000], reference.reach), reference.reach)
    reference.fill(keys, keys(known, rows), torch.randn(count, width))
    vectors = torch.randn(machine.size(3000, 100), width)
    expected, found = reference(vectors), copy.deepcopy(reference).to(machine.device)(vectors.to(machine.device)).cpu()
    other = (found - expected).abs().amax(1) > 1e-4
    yield Check("exemplars: share of other means", float(other.float().mean()), 0.01)
