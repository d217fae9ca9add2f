"""Score units with the package discophon 0.2, and print a line of JSON per score; run by a Python that has it.

Run: python discophon_peer.py DATASET UNITS many-to-one,one-to-one,triphone,phoneme
"""

import json
import sys

from discophon.benchmark import benchmark_abx_discrete, benchmark_discovery


def main() -> None:
    dataset, units, parts = sys.argv[1:4]
    for part in parts.split(","):
        if part in ("triphone", "phoneme"):
            scores = benchmark_abx_discrete(dataset, units, kind=part)
        else:
            scores = benchmark_discovery(dataset, units, kind=part)
        for row in scores.iter_rows(named=True):
            print(json.dumps({"part": part, **row}))


if __name__ == "__main__":
    main()
