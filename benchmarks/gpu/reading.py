"""How long the steps of a training wait for their batches, which are read ahead of a GPU."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.gpu.made_up import Machine, settings_of
from benchmarks.gpu.rows import Check, Row, Speed
from benchmarks.waiting import Watched, columns, on_disk
from unitdisc.training.batches import Chunks, ahead_of_gpu
from unitdisc.training.trainer import Trainer


def reading(machine: Machine) -> Iterator[Row]:
    """Share of an epoch that is waited, with batches from an archive on the disk, and beside reading them in time."""
    settings = settings_of("default", machine, bottleneck={"reestimation": None})
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        data = on_disk(Path(folder), machine.size(400, 10), machine.size(1500, 100))
        run = Trainer(settings, data, None, inputs=columns, labels=0, seed=0, device=machine.device)
        plan = settings.training
        cut = partial(Chunks, data, chunk=plan.chunk, batch=plan.batch, seed=0)
        for ahead in (0, ahead_of_gpu):
            run.batches = Watched(cut(ahead=ahead))
            run.epoch(1)  # what is done once: active frames are found, kernels chosen
            watched = run.batches = Watched(cut(ahead=ahead))
            row = run.epoch(2)
            seconds = len(watched) * plan.chunk * plan.batch / row.frames_per_second
            found[ahead] = watched.waited / seconds, 1000 * watched.waited / len(watched)
    share, each = found[ahead_of_gpu]
    most = 1.0 if machine.small else 0.05  # the cores of a CPU compute the steps as well
    yield Check("share of an epoch that waits for batches", share, most, f"{found[0][0]:.2%} in time")
    yield Speed("waiting for a batch that is read ahead, and in time", "ms", each, found[0][1])
