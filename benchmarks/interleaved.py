"""Interleaved timing of several implementations in one process, with one JSON line per case."""

import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile


@dataclass(frozen=True, slots=True)
class Cost:
    """Median seconds of the calls, and their peak tensor memory in MB (nan: not measured)."""

    seconds: float
    megabytes: float


def wall_clock() -> float:
    """Return the time in seconds, after the GPU, if there is one, has finished."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(
    calls: dict[str, Callable[[], object]], *, repeats: int = 5, clock: Callable[[], float] = wall_clock
) -> dict[str, Cost]:
    """Time each of ``calls`` in turn, ``repeats`` times, after one call of each that measures memory."""
    peaks = {name: peak_megabytes(call) for name, call in calls.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return {name: Cost(statistics.median(seconds[name]), peaks[name]) for name in calls}


def peak_megabytes(call: Callable[[], object]) -> float:
    """Return the peak tensor memory during a call, above that before the call, in MB."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        call()
    current = peak = 0
    events = record.profiler.kineto_results.events()
    for event in sorted((e for e in events if e.name() == "[memory]"), key=lambda e: e.start_ns()):
        if event.device_type() == DeviceType.CPU:
            current += event.nbytes()
            peak = max(peak, current)
    return peak / 2**20


def report(case: str, ours: Cost, peer: Cost, **more: object) -> None:
    """Print the line of a case; ``ratio`` is how many times faster ours is."""
    line = {
        "case": case,
        "ours_s": round(ours.seconds, 5),
        "peer_s": round(peer.seconds, 5),
        "ours_mb": None if math.isnan(ours.megabytes) else round(ours.megabytes, 1),
        "peer_mb": None if math.isnan(peer.megabytes) else round(peer.megabytes, 1),
        **more,
        "ratio": round(peer.seconds / ours.seconds, 2),
    }
    print(json.dumps(line), flush=True)
