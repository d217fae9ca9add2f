"""Train alone and in a distributed group of one process; prints the losses of the epochs as one JSON line.

Run by benchmarks.gpu in a process of its own, which may hang or be ended: python -m benchmarks.gpu.one_process cuda
"""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from benchmarks.gpu.made_up import Machine
from benchmarks.gpu.training_checks import trained
from unitdisc.devices import device_of


def losses(machine: Machine) -> dict[str, list[float]]:
    """Return the losses of the epochs of some models."""
    found = {}
    for name in ("default",) if machine.small else ("default", "wsj"):
        run = trained(name, machine, epochs=3, precision="float32")
        found[name] = [row.loss for row in run.state.rows]
        del run  # its wrapper must be gone before the group is (unitdisc.training.processes)
    return found


def main() -> None:
    machine = Machine(device_of(sys.argv[1], "the device"))
    if machine.small:
        torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(mode=True, warn_only=True)  # CTC has no such gradient
    alone = losses(machine)
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group(
            "gloo" if machine.small else "nccl",
            init_method=(Path(folder) / "meeting").as_uri(),
            rank=0,
            world_size=1,
            timeout=timedelta(seconds=60),
        )
        shared = losses(machine)
        dist.destroy_process_group()
    print(json.dumps({name: [alone[name], shared[name]] for name in alone}))


if __name__ == "__main__":
    main()
