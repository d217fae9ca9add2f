"""Time fastabx on an item file and a folder of .npy, and print a line of JSON; run by a Python that has fastabx.

Run: python abx_peer.py ITEM FOLDER SPEAKER CALLS
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from fastabx import zerospeech_abx


def load(path: str | Path) -> torch.Tensor:
    return torch.from_numpy(np.load(path)).float()


def main() -> None:
    item, folder, speaker, calls = sys.argv[1:5]
    seconds, error = [], 0.0
    for _ in range(int(calls)):
        start = time.perf_counter()
        error = zerospeech_abx(
            item,
            folder,
            max_size_group=None,
            max_x_across=None,
            speaker=speaker,
            context="any",
            distance="angular",
            frequency=100,
            feature_maker=load,
            extension=".npy",
            device="cpu",
            progress=False,
        )
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"error": error, "seconds": seconds}))


if __name__ == "__main__":
    main()
