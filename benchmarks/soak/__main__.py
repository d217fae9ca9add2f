"""Broken files, kills and full disks, for hours: ``make soak``, or a part of it by the options.

Ends with counts, and with exit code 1 where anything was found.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.soak.fuzzing import fuzz
from benchmarks.soak.readers import all_readers


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", nargs="*", help="names of readers; default: all")
    parser.add_argument("--inputs", type=int, default=20_000, help="broken files for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("soak-findings"), help="folder for the files of findings")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    known, found = all_readers(), 0
    names = list(known) if chosen.readers is None else chosen.readers
    print(f"# {chosen.inputs} broken files for each of {len(names)} readers, seed {chosen.seed}")
    print("reader\tread\trefused\tfound", flush=True)
    for name in names:
        with TemporaryDirectory(prefix="soak-") as folder:
            tally = fuzz([name], Path(folder), chosen.seed, chosen.inputs, chosen.keep)[name]
        found += len(tally.findings)
        print(name, *(tally.counts[key] for key in ("read", "refused", "found")), sep="\t", flush=True)
        for finding in tally.findings[:20]:
            print(f"  {finding}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
