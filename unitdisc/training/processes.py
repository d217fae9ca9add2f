"""The processes that share a training: one, or as many as torchrun started on this machine."""

import ctypes
import logging
import os
import signal
import sys
import traceback
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from unitdisc import errors
from unitdisc.errors import InputError

_log = logging.getLogger(__name__)

EXIT_PEER_LOST = 75  # the exit code of a process that has lost the others: not itself the one that failed


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
    _end_with_parent()
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
        if isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error)):
            sys.exit(EXIT_PEER_LOST)  # another process is gone, which has already reported the cause
        raise
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """Have this process ended when the one that started it is killed: it would train on beside a new start."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG
        if os.getppid() != parent:
            sys.exit(1)


def launch(processes: int, arguments: Sequence[str]) -> int | None:
    """Run ``unitdisc`` with these arguments in as many processes as torchrun would; return the code that they end with.

    Returns None at once where there is to be one process alone, or in one of those that were started. Raises the
    InputError that ended one of them.
    """
    if processes == 1 or "WORLD_SIZE" in os.environ:
        return None
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # torchrun's own notes and traceback stay out: what went wrong is reported below, in one line.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ[errors.reported_by_launcher] = "1"
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
        failures = error.failures.values()
        for failure in failures:
            if failure.error_file_data.get("unitdisc"):
                raise InputError(failure.message) from None
        killed = [failure for failure in failures if failure.exitcode < 0]
        failed = [failure.exitcode for failure in failures if failure.exitcode not in (0, EXIT_PEER_LOST)]
        if killed:
            _log.error("process %d of the training was ended by %s", killed[0].local_rank, killed[0].signal_name())
            return 128 - killed[0].exitcode
        if not failed:
            _log.error("the processes of the training have lost each other; started again, it goes on")
        return failed[0] if failed else EXIT_PEER_LOST  # the one that failed has reported the cause itself
    except SignalException as error:
        return 128 + error.sigval
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
