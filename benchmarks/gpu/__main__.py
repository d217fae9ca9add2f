"""Check unitdisc on a CUDA device beside the CPU, and time it beside plain PyTorch and vector-quantize-pytorch.

Run: python -m benchmarks.gpu [--device cuda] [--seconds 450] [--out gpu.jsonl] [--only REGULAR_EXPRESSION]
With --device cpu all of it runs in small. JSON lines go to --out while they come, a table to standard output at the
end; the exit code is 1 if a check failed. Needs neither network nor snakemake, and does without the peer
vector-quantize-pytorch.
"""

import argparse
import os
import platform
import re
import sys
import time
from functools import partial
from pathlib import Path

os.environ.setdefault(
    "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
)  # torch.use_deterministic_algorithms wants it from the start

import torch

from benchmarks.gpu import codebook_checks, exemplar_checks, reading, speed, training_checks
from benchmarks.gpu.made_up import Machine, models
from benchmarks.gpu.rows import Recorder
from unitdisc.devices import device_of


def parts(machine: Machine) -> dict[str, tuple[partial, float]]:
    """Return what is run, by name, with the seconds that each may take; what compiles takes longest and comes last."""
    brief = machine.size(5, 0)  # seconds of a measurement
    checks = {
        "quantiser": (partial(codebook_checks.quantiser, machine), 90),
        "reservoir": (partial(codebook_checks.reservoir, machine), 30),
        "k-means": (partial(codebook_checks.clustering, machine), 90),
        "re-estimation": (partial(codebook_checks.reestimation, machine), 90),
        "exemplars": (partial(exemplar_checks.exemplars, machine), 30),
        **{f"training {name}": (partial(training_checks.training, name, machine), 90) for name in models},
        "resuming": (partial(training_checks.resuming, machine), 90),
        "processes": (partial(training_checks.together, machine), 160),
    }
    timed = {
        "speed reading": (partial(reading.reading, machine), 60),
        "speed quantiser": (partial(speed.quantiser, machine, seconds=6 * brief / 2), 90),
        "speed k-means": (partial(speed.clustering, machine, seconds=6 * brief / 2), 90),
        "speed reservoir": (partial(speed.reservoir, machine, seconds=brief / 2), 30),
        **{
            f"speed {name} {way}": (partial(speed.steps, name, way, machine, seconds=brief), 60)
            for name in models
            for way in ("float32", "bfloat16")
        },
        **{f"speed encoding {name}": (partial(speed.encoding, name, machine, seconds=brief), 30) for name in models},
    }
    compiled = {
        **{f"compiled {name}": (partial(training_checks.compiled, name, machine), 180) for name in models},
        **{
            f"speed {name} compiled": (partial(speed.steps, name, "compiled bfloat16", machine, seconds=brief), 180)
            for name in models
        },
    }
    return checks | timed | compiled


def description(machine: Machine) -> dict[str, object]:
    """Say what ran where."""
    cuda = machine.device.type == "cuda"
    return {
        "kind": "machine",
        "device": torch.cuda.get_device_name(machine.device) if cuda else platform.processor() or "CPU",
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda if cuda else None,
        "cudnn": torch.backends.cudnn.version() if cuda else None,
        "cudnn_tf32": torch.backends.cudnn.allow_tf32,
        "matmul_tf32": torch.backends.cuda.matmul.allow_tf32,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--seconds", type=float, default=450, help="time for all parts together")
    parser.add_argument("--out", type=Path, default=Path("gpu.jsonl"))
    parser.add_argument("--only", default="", help="run the parts whose name this finds")
    options = parser.parse_args()
    start = time.perf_counter()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device is to be seen; --device cpu runs all of it in small")
    machine = Machine(device_of(options.device, "--device"))
    if machine.small:
        torch.set_num_threads(1)  # threads that wait for one another take longer than what they share
    record = Recorder(options.out, seconds=options.seconds)
    about = description(machine)
    record.write(about)
    for name, (find, most) in parts(machine).items():
        if re.search(options.only, name):
            record.run(name, find, most=most)
    print(", ".join(f"{key} {value}" for key, value in about.items() if key != "kind" and value is not None))
    print(record.table())
    print(f"{time.perf_counter() - start:.0f} s; JSON lines in {options.out}")
    sys.exit(1 if record.failed else 0)


if __name__ == "__main__":
    main()
