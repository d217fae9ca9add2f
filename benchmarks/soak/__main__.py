"""Broken files, kills and full disks, for hours: ``make soak``, or a part of it by the options.

Ends with counts, and with exit code 1 where anything was found.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.soak.disturbances import Outcome, ended, filled, interrupted, repeated, undisturbed
from benchmarks.soak.fuzzing import fuzz
from benchmarks.soak.readers import all_readers

shown = 20  # findings of one kind that are printed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", nargs="*", choices=list(all_readers()), metavar="NAME", help="default: all")
    parser.add_argument("--inputs", type=int, default=20_000, help="broken files for each reader; 0: none")
    parser.add_argument("--kills", type=int, default=100, help="moments at which a step is ended; 0: none")
    parser.add_argument("--workflows", type=int, default=10, help="moments at which the workflow is ended; 0: none")
    parser.add_argument("--full-disks", type=int, default=3, help="full disks that every step meets; 0: none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("soak-findings"), help="folder for the files of findings")
    return parser.parse_args()


def read_broken(names: Sequence[str], inputs: int, seed: int, keep: Path) -> int:
    """Let readers read broken files, print a line for each reader, and return the number of findings."""
    print(f"# broken files: {inputs} for each of {len(names)} readers, seed {seed}")
    print("reader\tread\trefused\tfound", flush=True)
    found = 0
    for name in names:
        with TemporaryDirectory(prefix="soak-") as folder:
            tally = fuzz([name], Path(folder), seed, inputs, keep)[name]
        found += len(tally.findings)
        print(name, *(tally.counts[key] for key in ("read", "refused", "found")), sep="\t", flush=True)
        _print(tally.findings)
    return found


def disturb(kills: int, workflows: int, full_disks: int, seed: int) -> int:
    """End steps and the workflow, fill their disk, print the counts, and return the number of findings."""
    draw, found = np.random.default_rng(seed), 0
    with TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        peace = undisturbed(folder / "peace")
        if kills:
            found += _report(ended(folder / "ended", peace, kills, draw), "ends of steps")
        if workflows:
            found += _report(repeated(folder / "repeated", peace), "the workflow undisturbed")
            found += _report(interrupted(folder / "interrupted", peace, workflows, draw), "ends of the workflow")
        if full_disks:
            found += _report(filled(folder / "filled", peace, full_disks, draw), "full disks")
    return found


def _report(outcome: Outcome, what: str) -> int:
    print(f"# {what}: {outcome.disturbed}, found: {len(outcome.findings)}", flush=True)
    _print(outcome.findings)
    return len(outcome.findings)


def _print(findings: Sequence[str]) -> None:
    for finding in findings[:shown]:
        print(f"  {finding}", flush=True)


def main() -> int:
    chosen = arguments()
    names = list(all_readers()) if chosen.readers is None else chosen.readers
    found = read_broken(names, chosen.inputs, chosen.seed, chosen.keep) if chosen.inputs else 0
    if chosen.kills or chosen.workflows or chosen.full_disks:
        found += disturb(chosen.kills, chosen.workflows, chosen.full_disks, chosen.seed)
    print(f"# found in all: {found}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
