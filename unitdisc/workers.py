"""Processes that share a work: they end with the one that started them, and their death is one line."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context

from unitdisc.errors import InputError


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Yield so many processes; a signal that ends this one ends them at once, and what they have finished is kept.

    Raises InputError where one of them was killed.
    """
    # Spawned, not forked: torch and librosa hold threads that a fork would leave behind locked.
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),))
    try:
        yield pool
    except BrokenProcessPool:
        what = f"one of {count} processes was ended from outside, most likely for lack of memory"
        raise InputError(what, fix="give the same command again, with fewer --jobs; what is finished is kept") from None
    except (KeyboardInterrupt, SystemExit):
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def end_with(parent: int, *, by: signal.Signals = signal.SIGKILL) -> None:
    """End this process by a signal when its parent is killed, which could not tell it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, by)  # 1: PR_SET_PDEATHSIG
        if os.getppid() != parent:
            sys.exit(1)
