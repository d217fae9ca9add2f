"""The processes that share a training: one, or as many as torchrun started on this machine."""

import logging
import os
import sys
import traceback
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from unitdisc.errors import InputError


@contextmanager
def joined(processes: int, device: str) -> Iterator[None]:
    """Join the other processes of this training, if there are any, until the block ends; ``device`` is the setting.

    Whatever wraps a model for them (DistributedDataParallel) must be gone when the block ends: as the last owner of
    gloo's group, it would wait, holding Python's lock, for gloo's threads, and those may wait for that lock.

    Raises InputError where torchrun started another number than the configuration says, or more than there are GPUs.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != processes:
        raise InputError(f"training.processes is {processes}, and torchrun started {started}")
    if processes == 1:
        yield
        return
    gpu = device != "cpu" and torch.cuda.is_available()
    if gpu:
        if processes > torch.cuda.device_count():
            raise InputError(f"training.processes is {processes}, and there are {torch.cuda.device_count()} GPUs")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if gpu else "gloo")
    try:
        yield
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)  # the frames that an error came through own such a wrapper too
        raise
    finally:
        dist.destroy_process_group()


def launch(processes: int, arguments: Sequence[str]) -> int | None:
    """Run ``unitdisc`` with these arguments in as many processes as torchrun would; return the code that they end with.

    Returns None at once where there is to be one process alone, or in one of those that were started.
    """
    if processes == 1 or "WORLD_SIZE" in os.environ:
        return None
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # torchrun's own notes and traceback stay out: the first process has said what is wrong, in a line.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "unitdisc", *arguments)
    except ChildFailedError as error:
        return error.get_first_failure()[1].exitcode
    return 0


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
