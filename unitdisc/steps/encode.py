"""The encoding step: from a model and the features of splits to their unit sequences."""

from collections.abc import Sequence

import torch

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.steps.run import Run
from unitdisc.units.encode import encode


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1) -> None:
    """Encode splits; by default all of the corpus."""
    torch.set_num_threads(threads)
    for split in run.chosen(splits):
        path = run.files.units(split)
        with sealing(path):
            tables.write_units(path, encode(run.trained, run.features(split), run.speakers))
