"""The processes that share a training: one, or as many as torchrun started on this machine."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from unitdisc.errors import InputError


@contextmanager
def joined(processes: int) -> Iterator[None]:
    """Join the other processes of this training, if there are any, until the block ends.

    Raises InputError where torchrun started another number than the configuration says.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != processes:
        raise InputError(f"training.processes is {processes}, and torchrun started {started}")
    if processes == 1:
        yield
        return
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if gpu else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def launch(processes: int, arguments: Sequence[str]) -> None:
    """Become torchrun with as many processes of ``unitdisc`` with these arguments; return at once in one of them."""
    if processes == 1 or "WORLD_SIZE" in os.environ:
        return
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m", "unitdisc"]
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *command, *arguments])  # noqa: S606  (no shell: our own command line)


def share(threads: int) -> int:
    """Return how many of a training's threads are this process's."""
    return max(1, threads // int(os.environ.get("WORLD_SIZE", "1")))


def together() -> bool:
    """Say whether several processes share this training."""
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """Return this process's number, from 0: the first one writes."""
    return dist.get_rank() if together() else 0


def count() -> int:
    """Return how many processes there are."""
    return dist.get_world_size() if together() else 1


def mean(values: torch.Tensor) -> torch.Tensor:
    """Average over the processes."""
    if together():
        dist.all_reduce(values)
        values /= count()
    return values


def gathered(state: Any) -> list[Any]:
    """Return the ``state`` of every process, by its number."""
    if not together():
        return [state]
    states: list[Any] = [None] * count()
    dist.all_gather_object(states, state)
    return states
