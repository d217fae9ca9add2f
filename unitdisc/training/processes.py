"""The processes that share a training: one, or several on this machine, started like torchrun does."""

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

from unitdisc import errors, signals
from unitdisc.errors import InputError
from unitdisc.workers import end_with

log = logging.getLogger(__name__)

EXIT_PEER_LOST = 76  # exit code of a process that lost the connection to the others, and did not fail itself


@contextmanager
def joined(processes: int, device: str) -> Iterator[None]:
    """Join the other processes of this training, if there are any, until the block ends; ``device`` is the setting.

    DistributedDataParallel wrappers must not outlive the block: as the last owner of gloo's group, a wrapper would hold
    Python's lock while it waits for gloo's threads, which may wait for that lock.

    Raises InputError if the number of processes differs from the configuration, or exceeds the number of GPUs.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != processes:
        raise InputError(f"training.processes is {processes}, and torchrun started {started}")
    if processes == 1:
        yield
        return
    end_with(os.getppid(), by=signal.SIGTERM)  # it would go on beside a new start of the training
    gpu = device != "cpu" and torch.cuda.is_available()
    if gpu:
        if processes > torch.cuda.device_count():
            raise InputError(f"training.processes is {processes}, and there are {torch.cuda.device_count()} GPUs")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if gpu else "gloo")
    try:
        yield
    except BaseException as error:
        signals.ignore()  # the launcher's, which would be raised in torch's own functions at exit
        traceback.clear_frames(error.__traceback__)  # frames of the traceback refer to such a wrapper too
        if isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error)):
            sys.exit(EXIT_PEER_LOST)  # another process has ended and reported the cause
        raise
    finally:
        dist.destroy_process_group()


def launch(processes: int, arguments: Sequence[str]) -> int | None:
    """Run ``unitdisc`` with these arguments in several processes, as torchrun would; return their exit code.

    Returns None at once for a single process, and inside the started processes. Raises the InputError that ended one of
    them.
    """
    if processes == 1 or "WORLD_SIZE" in os.environ:
        return None
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # Suppresses torchrun's notes and traceback: the cause is reported below, in one line.
    for name in ("torch.distributed.elastic", "torch.distributed.elastic.agent.server.api"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
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
        signals_to_handle="SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1",  # each is handed on to the started processes
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
            log.error("process %d of the training was ended by %s", killed[0].local_rank, killed[0].signal_name())
            return 128 - killed[0].exitcode
        if not failed:
            log.error("the processes of the training lost their connection; run it again to continue")
        return failed[0] if failed else signals.EXIT_AGAIN  # the failed process has reported the cause
    except SignalException:
        return signals.EXIT_AGAIN
    return 0


def share(threads: int) -> int:
    """Return this process's share of the threads of a training."""
    return max(1, threads // int(os.environ.get("WORLD_SIZE", "1")))


def together() -> bool:
    """Return whether several processes share this training."""
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """Return the rank of this process, from 0; rank 0 writes files and logs."""
    return dist.get_rank() if together() else 0


def count() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if together() else 1


def mean(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of ``values`` over the processes, computed in place."""
    if together():
        dist.all_reduce(values)
        values /= count()
    return values


def largest(value: int) -> int:
    """Return the largest ``value`` of all processes."""
    if not together():
        return value
    device = torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
    found = torch.tensor(value, device=device)
    dist.all_reduce(found, dist.ReduceOp.MAX)
    return int(found)


def wait() -> None:
    """Wait until all processes are here."""
    if together():
        dist.barrier()


def gathered(state: Any) -> list[Any]:
    """Return the ``state`` of every process, by rank."""
    if not together():
        return [state]
    states: list[Any] = [None] * count()
    dist.all_gather_object(states, state)
    return states
